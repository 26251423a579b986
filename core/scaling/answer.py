"""What a search of rates and batch sizes found, as an answer: in words, in pictures, as data."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nnlab.core.analysis.scaling import Scaling
from nnlab.core.folder import ENVIRONMENT, RUNS, runs_frame
from nnlab.core.nn.optimizers import OPTIMIZERS
from nnlab.core.questions.answer_folder import as_json, write_answer
from nnlab.core.questions.answering import document as answer_document
from nnlab.core.report.answer import Answer, AnswerPage, Section
from nnlab.core.report.scaling_pictures import (
    best_rates,
    rate_by_batch,
    steps_and_examples,
    steps_over_rate,
)
from nnlab.core.report.scaling_words import (
    advice,
    batch_table,
    exponent_table,
    exponent_words,
    law_words,
)
from nnlab.core.report.wording import plural, short
from nnlab.core.scaling.sweeps import Sweep, Swept
from nnlab.core.spec import Spec
from nnlab.core.wording import number

VERDICT_SEEDS = 10


@dataclass(frozen=True)
class Scaled:
    """What a search found, with its folder."""

    folder: Path
    spec: Spec
    swept: Swept
    page: AnswerPage

    @property
    def report(self) -> Path:
        """The one-page picture."""
        return self.folder / "report.png"

    def document(self) -> dict[str, Any]:
        """Everything that was found, as data; what has no value is None."""
        return answer_document(self.page) | {
            "name": self.spec.name,
            "folder": str(self.folder),
            "report": str(self.report),
            "sweeps": [self._sweep(name) for name in self.swept.sweeps],
        }

    def _sweep(self, name: str) -> dict[str, Any]:
        sweep, reading = self.swept.sweeps[name], self.swept.read(name)
        protocol = self.swept.searches[name].protocol
        return {
            "sweep": name,
            "optimizer": sweep.optimizer,
            "activation": sweep.activation,
            "target_loss": sweep.target,
            "seeds": list(protocol.fine_seeds),
            "thrown_away_seeds": list(protocol.coarse_seeds),
            "faults": list(faults_of(self.spec, sweep, reading)),
            **_reading(reading),
        }

    def write(self) -> None:
        """Write the folder; the document last, for it says that all is there."""
        from nnlab.core.report.answer_page import answer_files

        files: dict[str, bytes | str] = {RUNS: runs_frame(self.swept.results).write_csv()}
        files |= answer_files(self.page)
        files[ENVIRONMENT] = as_json(self.page.environment)
        write_answer(self.folder, files, self.document())


def faults_of(spec: Spec, sweep: Sweep, reading: Scaling) -> tuple[str, ...]:
    """Why an exponent should not be believed, in sentences; empty where nothing speaks against."""
    row, faults = OPTIMIZERS[sweep.optimizer], reading.faults()
    if row.starts_slowly:
        momentum = spec.momentum if spec.momentum is not None else row.hyperparameters["momentum"]
        slow = reading.slow_start_fault(momentum)
        faults += (slow,) if slow else ()
    return faults


def answer_of(spec: Spec, swept: Swept) -> Answer:
    """Sentences that begin with a recommendation, tables and pictures."""
    readings = {name: swept.read(name) for name in swept.sweeps}
    sentences: list[str] = []
    sections: list[Section] = []
    shown = {name: reading for name, reading in readings.items() if len(reading.optima) > 1}
    for name, reading in readings.items():
        sweep = swept.sweeps[name]
        cost = f"steps to a training loss of {number(sweep.target)}"
        faults = faults_of(spec, sweep, reading)
        if name not in shown:
            sentences.append(f"{name}: no rate reached the target at more than one batch size.")
            continue
        told = [f"{name}."]
        if faults:
            told.append(f"Inconclusive: {'; '.join(faults)}.")
        told += advice(reading, f"{spec.name} with {name}")
        if len(reading.seeds) < VERDICT_SEEDS:
            told.append(f"{plural(len(reading.seeds), 'seed')} explore; ten make a verdict.")
        sentences.append(" ".join(told))
        told = [
            f"The best learning rate goes from {short(reading.optima[0].rate)} at batch "
            f"size {reading.batch_sizes[0]} to {short(reading.optima[-1].rate)} at "
            f"{reading.batch_sizes[-1]}, {exponent_words(reading)}: the seeds' mean slope of "
            "ln rate over ln batch size, 0 where one rate serves all, 1 in proportion.",
            law_words(reading),
        ]
        sentences.append(" ".join(told))
        pictures = (
            steps_over_rate(name, reading, cost),
            rate_by_batch(name, reading, cost),
            steps_and_examples(name, reading),
        )
        sections.append(Section(name, (), (batch_table(reading),), pictures))
    if shown:
        laws = Section(
            "How the best rate moves", (), (exponent_table(shown),), (best_rates(shown),)
        )
        sections.insert(0, laws)
    return Answer(tuple(sentences), tuple(sections), runs=runs_frame(swept.results))


def _reading(scaling: Scaling) -> dict[str, Any]:
    several = len(scaling.optima) > 1
    kept = [v for v in scaling.seed_exponents().tolist() if math.isfinite(v)] if several else []
    interval = scaling.exponent_interval() if kept else None
    laws = {"power_law": scaling.power, "saturating": scaling.saturating,
            "hyperbola": scaling.hyperbola}  # fmt: skip
    return {
        "exponent": None if interval is None else interval.estimate,
        "exponent_low": None if interval is None else interval.low,
        "exponent_high": None if interval is None else interval.high,
        "ranges": [
            {"batch_sizes": list(each), "exponent": scaling.mean_exponent(each)}
            for each in scaling.ranges
        ],
        "keep_beyond": scaling.kept_from,
        "not_reached": list(scaling.unreached),
        "batch_sizes": [
            {
                "batch_size": o.batch_size, "learning_rate": o.rate, "steps": o.cost,
                "examples": o.cost * o.batch_size, "largest_stable_rate": o.largest_stable,
                "at_edge": o.at_edge, "lost": o.lost, "runs": o.trials,
            }
            for o in scaling.optima
        ],
        **{key: None if law is None else asdict(law) for key, law in laws.items()},
    }  # fmt: skip
