"""Write `docs/spec.md` and `docs/reference.md`: `python docs/write_reference.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nnlab.core.data.csv_faults import MISSING
from nnlab.core.data.encoding import MAX_CATEGORIES, MAX_CLASSES, MAX_GUESSED_CLASSES
from nnlab.core.data.inputs import MAX_COLUMNS, MAX_ROWS
from nnlab.core.spec import json_schema
from nnlab.core.tables import TOPICS, Topic

HERE = Path(__file__).parent


def missing_words() -> str:
    """What stands for a missing value: `?`, `n/a` or `na`."""
    words = [f"`{word}`" for word in sorted(MISSING) if word]
    return f"{', '.join(words[:-1])} or {words[-1]}"


SPEC_HEAD = """\
# The spec

A spec is a YAML file with one flat mapping. Written by `docs/write_reference.py` from the schema;
`nnlab schema` prints that as JSON Schema (draft 2020-12) for an editor, and `nnlab new NAME` writes
a commented spec to start from.

A list on a key marked *axis* makes a grid: every combination of all lists is trained. An unknown
key, a key or a value given twice, or a wrong type is an error that names file, line and column and
suggests the nearest name. `1e-4` is a number. `-s key=value` on the command line overrides a key,
its value read as YAML.

Paths of CSV and NPZ files are relative to the spec. [CSV files](#csv-files) are read by the rules
below.

| key | value | default | what it is |
| --- | --- | --- | --- |
"""

SPEC_END = f"""
## CSV files

`dataset: {{csv: houses.csv, target: price}}` reads a table by these rules; `nnlab check` says what
came out of it, and every fault is an error with its line and column.

- *File*: UTF-8 text, with or without a byte-order mark. The first line names the columns, each by a
  name of its own. At most {MAX_ROWS:,} rows and {MAX_COLUMNS:,} columns.
- *Separator*: comma, semicolon or tab, whichever the header has most of.
- *Quoting*: a value that holds the separator, a line end or a quotation mark stands in double
  quotation marks and doubles its own (RFC 4180). Blanks around a value and blank lines are skipped.
- *Numbers*: with a decimal point (`1.5`, `-2e3`). A column of decimal commas is an error, and so is
  an infinity.
- *Missing values*: an empty one is an error, and so is one of
  {missing_words()}, in upper or lower case: fill it in or leave
  the row out. Nothing is guessed.
- *Columns of no use* (a number of the row, free text): `leave_out: id`, or a list of them. What
  stands in them is not looked at; they do count among the columns.
- *Text columns*: a column is text where most of its values are no numbers; a text among mostly
  numbers is an error. A text column of at most {MAX_CATEGORIES} different values becomes a feature
  of zeros and ones for each of them, called `column=value`; one of more is an error.
- *Target*: text is a class. With a loss for classes (`cross_entropy`, `binary_cross_entropy`) so is
  any number. With no loss given, whole numbers are classes where there are at most
  {MAX_GUESSED_CLASSES} different ones, and on average at least two rows of each. All other targets
  are numbers, and so are those with `loss: mse`. At most {MAX_CLASSES:,} classes, and no more than
  half the rows.
"""

REFERENCE_HEAD = """\
# What there is, and where it comes from

The tables that `nnlab list` shows: written by `docs/write_reference.py` from the rows that the
computing uses. A name here is what a spec takes.
"""


def escaped(text: str) -> str:
    """Text for a cell of a Markdown table."""
    for sign in "\\|*_<>`":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def value_words(schema: dict[str, Any]) -> str:
    """What a key takes, in a few words."""
    if "anyOf" in schema or "oneOf" in schema:
        kinds = schema.get("anyOf", schema.get("oneOf", []))
        # that an axis key takes a list of the same is said once, above the table
        kinds = [kind for kind in kinds if kind.get("type") != "null"]
        single = [kind for kind in kinds if kind.get("type") != "array"]
        parts = [value_words(kind) for kind in single or kinds]
        return " or ".join(dict.fromkeys(part for part in parts if part))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {value_words(schema.get('items', {}))}" if "items" in schema else "list"
    if kind == "object":
        inner = schema.get("properties", {})
        return f"`{{{', '.join(inner)}}}`" if inner else "mapping"
    words = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "boolean": "yes or no",
    }
    return words.get(kind, kind) + bounds(schema)


def bounds(schema: dict[str, Any]) -> str:
    """The range of a number."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        return f" above {schema['exclusiveMinimum']:g}"
    if low is not None and high is not None and high < 1e6:
        return f" {low:g} to {high:g}"
    return f" from {low:g}" if low is not None else ""


def spec_page() -> str:
    """The keys of a spec, one row each."""
    rows = []
    for key, schema in json_schema()["properties"].items():
        takes = value_words(schema)
        axis = "*axis*; " if "(axis)" in schema["description"] else ""
        default = schema.get("default")
        shown = "" if default in (None, "") else json.dumps(default).strip('"')
        shown = f"`{shown}`" if shown else ""
        short = takes if len(takes) < 240 else takes[:230].rsplit(" or ", 1)[0] + " ..."
        about = escaped(schema["description"].replace(" (axis)", ""))
        rows.append(f"| `{key}` | {axis}{short} | {shown} | {about} |")
    return SPEC_HEAD + "\n".join(rows) + "\n" + SPEC_END


def topic_part(topic: Topic) -> Iterator[str]:
    """One topic as a table."""
    yield f"## {topic.name}\n"
    key = f" Key `{topic.key}`." if topic.key else ""
    yield f"{topic.about[0].upper()}{topic.about[1:]}.{key}\n"
    yield "| name | what | more | source |\n| --- | --- | --- | --- |"
    for entry in topic.entries():
        more = escaped("; ".join(entry.details))
        yield f"| `{entry.name}` | {escaped(entry.what)} | {more} | {escaped(entry.source)} |"
    yield ""


def reference_page() -> str:
    """Every topic."""
    parts = [line for topic in TOPICS.values() for line in topic_part(topic)]
    return REFERENCE_HEAD + "\n" + "\n".join(parts).rstrip() + "\n"


PAGES = {"spec.md": spec_page, "reference.md": reference_page}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
