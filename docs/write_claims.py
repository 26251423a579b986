"""Write `docs/science/claims.md` from the tables of claims: `python docs/write_claims.py`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from nnlab.core import questions
from nnlab.core.analysis.claims import Claim
from nnlab.core.questions.table import QUESTIONS

HERE = Path(__file__).parent

HEAD = """\
# The claims

Every claim that `nnlab answer` gives a verdict on, as it was fixed before anything ran. Written by
`docs/write_claims.py` from the rows that the judging uses.

- *Supported when*: the number and the side of the margin on which its whole interval must lie.
  [Verdicts](verdicts.md) has the rule.
- *Control*: where the same measurement must come out the other way; a dash where nothing can serve.
- *From*: who says so. `homework 1.4d` is the text that is tested; papers are in the
  [references](../references.md).
- *Study*: the shipped spec, or what is computed, that decides. *Figure*: the picture that shows it.
"""


def all_claims() -> dict[str, Claim]:
    """Every row of every table `CLAIMS` in `core/questions/`, by id, in the order of the questions.

    Raises ValueError where two different rows have one id.
    """
    found: dict[str, Claim] = {}
    for module in pkgutil.walk_packages(questions.__path__, f"{questions.__name__}."):
        for row in getattr(importlib.import_module(module.name), "CLAIMS", ()):
            if isinstance(row, Claim) and found.setdefault(row.id, row) is not row:
                raise ValueError(f"two claims have the id '{row.id}'")
    order = list(QUESTIONS)
    return dict(sorted(found.items(), key=lambda item: order.index(item[1].question)))


def escaped(text: str) -> str:
    """Text for a cell of a Markdown table."""
    for sign in "\\|*_<>`":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def table(claims: list[Claim]) -> Iterator[str]:
    """The claims of a question."""
    yield "| id | claim | supported when | control | from | study; figure |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for claim in claims:
        criterion = claim.criterion
        unit = " ×" if claim.unit == "x" else f" {claim.unit}".rstrip()
        cells = (
            f"`{claim.id}`",
            escaped(claim.claim),
            escaped(f"{criterion.estimand} is {criterion.describe()}{unit}"),
            escaped(claim.control) or "–",
            escaped(claim.source),
            f"{escaped(claim.study)}; `{claim.figure}`",
        )
        yield f"| {' | '.join(cells)} |"


def page() -> str:
    """All claims, question by question."""
    claims = list(all_claims().values())
    lines = [HEAD]
    for question in QUESTIONS.values():
        own = [claim for claim in claims if claim.question == question.id]
        if own:
            lines += [f"## {question.id}: {question.title}", "", *table(own), ""]
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    (HERE / "science" / "claims.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
