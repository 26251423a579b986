"""One part of the answer on activations: what a module of this package hands to `answer`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.report.answer import Section
from nnlab.core.wording import number

if TYPE_CHECKING:
    import polars as pl

    from nnlab.core.results import Results


@dataclass(frozen=True, slots=True)
class Part:
    """Sections to read, and claims with what was found for each; verdicts come later.

    The verdicts of all parts are given together, as Holm's correction is over all claims of the
    question: a section leaves them to the table of verdicts.
    """

    sections: tuple[Section, ...]
    claims: tuple[Claim, ...] = ()
    findings: tuple[Finding, ...] = ()
    """One a claim, in their order."""
    runs: pl.DataFrame | None = None
    """Rows of `runs.csv` of all studies behind it; None where nothing was trained."""

    def __post_init__(self) -> None:
        if len(self.claims) != len(self.findings):
            raise ValueError(f"{len(self.claims)} claims have {len(self.findings)} findings")


def setting_of(results: Results, leave_out: Collection[str] = ()) -> str:
    """What all runs of a study share, as a scope begins: `digits, 64-64, sgd, batch 32, 5 epochs`.

    Of what varies nothing is said, nor of the columns to `leave_out`: the caller names it.
    """
    runs, spec = results.runs, results.spec
    length = f"{spec.epochs} epochs" if spec.epochs is not None else f"{runs['steps'][0]} steps"
    shared = {
        name: str(runs[name][0])
        for name in ("dataset", "hidden_layer_sizes", "optimizer", "batch_size")
        if name not in leave_out and runs[name].n_unique() == 1
    }
    if "optimizer" in shared and runs["learning_rate"].n_unique() == 1:
        rate: float = runs["learning_rate"][0]
        shared["optimizer"] += f" at {number(rate)}"
    if "batch_size" in shared:
        shared["batch_size"] = f"batch {shared['batch_size']}"
    return ", ".join([*shared.values(), length])
