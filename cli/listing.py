"""`nnlab list`: what there is to choose from, with formula and source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nnlab.cli import console
from nnlab.cli.options import OutputOptions
from nnlab.cli.shell_completion import complete_topics

if TYPE_CHECKING:
    from rich.text import Text

    from nnlab.core.tables import Entry, Topic

_WIDEST = 120


def list_(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="[TOPIC]",
            help="One table, such as activations; all in short if not given.",
            autocompletion=complete_topics,
        ),
    ] = None,
    *,
    output: OutputOptions,
) -> None:
    """List activations, losses, optimizers, data sets, questions ... with formula and paper.

    The names are those that a spec and the options of the commands take.
    """
    from nnlab.core.tables import TOPICS, find_topic

    topics = list(TOPICS.values()) if topic is None else [find_topic(topic)]
    if output.as_json:
        console.write_json({each.name: _rows(each) for each in topics})
        return
    width = min(console.width(), _WIDEST)
    for i, each in enumerate(topics):
        lines = _names(each, width) if topic is None else _table(each, width)
        console.show(*lines)
        if i < len(topics) - 1:
            console.write("")
    if topic is None:
        console.write("\nWith formulas and sources: nnlab list activations")


def _rows(topic: Topic) -> list[dict[str, object]]:
    return [
        {"name": e.name, "what": e.what, "source": e.source, "details": list(e.details)}
        for e in topic.entries()
    ]


def _heading(topic: Topic) -> Text:
    from rich.text import Text

    key = f" (key {topic.key})" if topic.key else ""
    return Text(f"{topic.name}: {topic.about}{key}", style="bold")


def _names(topic: Topic, width: int) -> list[Text]:
    """The names of a topic, as many on a line as fit."""
    from rich.text import Text

    from nnlab.cli.tables import paragraph

    lines = [_heading(topic)]
    for source, entries in _groups(topic).items():
        names = ", ".join(entry.name for entry in entries)
        text = f"  {source}: {names}" if source else f"  {names}"
        lines += [Text(line) for line in paragraph(text, width, indent=4 if source else 2)]
    return lines


def _groups(topic: Topic) -> dict[str, list[Entry]]:
    """The entries by source where they are told so, else all under no name."""
    groups: dict[str, list[Entry]] = {}
    for entry in topic.entries():
        groups.setdefault(entry.source if topic.by_source else "", []).append(entry)
    return groups


def _table(topic: Topic, width: int) -> list[Text]:
    """Each entry's name and what it is; beneath, indented, its details and where it is from."""
    from rich.text import Text

    from nnlab.cli.tables import paragraph

    left = max(len(entry.name) for entry in topic.entries()) + 2
    lines = [_heading(topic)]
    for source, entries in _groups(topic).items():
        lines += [Text(), Text(source, style="bold")] if source else [Text()]
        for entry in entries:
            first, *more = paragraph(entry.what, max(width - left, 20)) or [""]
            lines.append(Text.assemble((entry.name.ljust(left), "bold"), first))
            told = (*entry.details, "" if source else entry.source)
            about = "; ".join(part for part in told if part)
            more += paragraph(about, max(width - left, 20)) if about else []
            lines += [Text(" " * left + line, style="dim") for line in more]
    for line in lines:
        line.no_wrap = True
    return lines
