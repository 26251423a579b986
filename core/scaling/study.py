"""What `nnlab scaling` does: from a spec to sweeps, from sweeps to an answer with its folder.

    results/<name>-scaling/
      answer.json       everything that was found, as one document; written last
      runs.csv          every run of the search
      environment.json  report.png  report.md  report.html  figures/*.png

A spec may list several optimizers and activations: each pair is a sweep of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab.core import environment
from nnlab.core.analysis.scaling_search import FINE_FACTOR, FINE_RATES, Protocol, Trial
from nnlab.core.errors import UsageError
from nnlab.core.files import check_writable
from nnlab.core.limits import LONG_SECONDS
from nnlab.core.listener import Outlook
from nnlab.core.pool import workers_kept
from nnlab.core.report.answer import AnswerPage
from nnlab.core.running import REPORT_SECONDS, interruptible
from nnlab.core.scaling.sweeps import Recipes, Sweep, Watch, protocol_for, run_sweeps, usual_rates
from nnlab.core.settings import Settings
from nnlab.core.spec import Spec
from nnlab.core.spec.rates import OwnRates
from nnlab.core.study import Study, prepare

if TYPE_CHECKING:
    from nnlab.core.scaling.answer import Scaled

DEFAULT_TARGETS = {"cross_entropy": 0.2, "binary_cross_entropy": 0.2}
"""By loss; a squared error has no such natural mark."""
DEFAULT_BATCHES = (8, 16, 32, 64, 128, 256, 512)
DEFAULT_SEEDS = 5
FEWEST_BATCHES = 2
SUFFIX = "-scaling"


@dataclass(frozen=True)
class ScalingStudy:
    """A study whose rates and batch sizes are to be searched."""

    study: Study
    asked: dict[str, tuple[Sweep, Protocol]]

    @property
    def spec(self) -> Spec:
        """That of the study."""
        return self.study.spec

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return self.study.settings.folder_of(f"{self.study.spec.name}{SUFFIX}")

    @cached_property
    def outlook(self) -> Outlook:
        """What the search would do: the coarse grids, and fine ones as if around their middles.

        How far grids must be widened and where runs reach their target nobody knows beforehand:
        an estimate, made of the runs that every search takes. Found out once, since it takes a
        look at the store and a moment of training.
        """
        recipes = Recipes(self.study)
        coarse, fine = [], []
        for sweep, protocol in self.asked.values():
            middle = protocol.rates[len(protocol.rates) // 2]
            for batch in protocol.batch_sizes:
                limit = min(protocol.first_steps[batch], protocol.most_steps[batch])
                around = [middle * FINE_FACTOR ** (i + 0.5) for i in range(FINE_RATES)]
                coarse += [
                    recipes.run_of(sweep, Trial(batch, rate, seed, limit))
                    for rate in protocol.rates
                    for seed in protocol.coarse_seeds
                ]
                fine += [
                    recipes.run_of(sweep, Trial(batch, rate, seed, limit))
                    for rate in around
                    for seed in protocol.fine_seeds
                ]
        parts = [self.study.of(list(dict.fromkeys(runs))).outlook() for runs in (coarse, fine)]
        return Outlook(
            runs=sum(part.runs for part in parts),
            stored=sum(part.stored for part in parts),
            stacks=sum(part.stacks for part in parts),
            run_steps=sum(part.run_steps for part in parts),
            # Two plans, but one report.
            seconds=sum(part.seconds for part in parts) - REPORT_SECONDS,
            measuring_seconds=sum(part.measuring_seconds for part in parts),
            bytes=max(part.bytes for part in parts),
        )

    def long_seconds(self) -> float | None:
        """How long `run` would take where that is so long that it should be agreed to, else None.

        As far as it is known beforehand; see `outlook`.
        """
        seconds = self.outlook.seconds
        return seconds if seconds > LONG_SECONDS else None

    def run(self, watch: Watch) -> Scaled:
        """Search, read, write the folder. Raises like `Study.rows`, and `StoreError`."""
        from nnlab.core.scaling.answer import Scaled, answer_of

        settings, spec = self.study.settings, self.study.spec
        check_writable(settings.results)
        started = environment.now()
        with interruptible(), workers_kept():
            swept = run_sweeps(self.study, self.asked, watch)
            facts = environment.describe(settings.command or tuple(sys.argv))
            facts |= {"started": started, "finished": environment.now(), "jobs": settings.workers}
            page = AnswerPage(
                question=spec.name,
                title="the best learning rate at each batch size",
                asks=spec.description,
                answer=answer_of(spec, swept),
                environment=facts,
            )
            scaled = Scaled(self.folder, spec, swept, page)
            scaled.write()
        return scaled


def prepare_scaling(spec: Spec, settings: Settings) -> ScalingStudy:
    """The searches that a spec asks for.

    The spec's batch sizes and rates are taken where they make an axis (two, three or more); what
    it leaves open gets the usual. Raises `UsageError` for what a search cannot do, and `SpecError`.
    """
    study = prepare(spec, settings)
    spec = study.spec
    for key in ("hidden_layer_sizes", "width", "depth", "initialization"):
        values = getattr(spec, key) or ()
        if len(values) > 1:
            raise UsageError(
                f"a search of rates and batch sizes takes one network, but {key} has "
                f"{len(values)} values; fix one, with -s {key}=..."
            )
    examples = len(study.plan.split.X_train)
    batches = _batch_sizes(spec, examples)
    seeds = spec.seeds if len(spec.seeds) > 1 else tuple(range(DEFAULT_SEEDS))
    target = spec.target_loss or DEFAULT_TARGETS.get(spec.loss or "")
    if target is None:
        raise UsageError(
            f"there is no usual target for the loss {spec.loss}: say what training loss is to be "
            "reached, with --target"
        )
    asked = {}
    for optimizer in spec.optimizer:
        for activation in spec.activation:
            sweep = Sweep(optimizer, activation, target)
            rates = _rates(spec, optimizer)
            asked[f"{optimizer}, {activation}"] = (
                sweep, protocol_for(study, sweep, batches, rates, seeds)
            )  # fmt: skip
    return ScalingStudy(study, asked)


def _batch_sizes(spec: Spec, examples: int) -> tuple[int, ...]:
    sizes = tuple(sorted(examples if b == "full" else int(b) for b in spec.batch_size))
    if len(sizes) == 1:
        sizes = tuple(b for b in DEFAULT_BATCHES if b <= max(examples // 3, DEFAULT_BATCHES[1]))
    if len(sizes) < FEWEST_BATCHES or sizes[-1] > examples:
        raise UsageError(
            f"{examples} training examples are too few for batch sizes "
            f"{', '.join(map(str, sizes))}; give others with --batch-sizes"
        )
    return sizes


def _rates(spec: Spec, optimizer: str) -> tuple[float, ...]:
    """The coarse grid: the spec's own axis of rates, else around what the optimizer usually has."""
    own = spec.learning_rate
    if isinstance(own, OwnRates) or len(own) < 3:
        return usual_rates(optimizer)
    return tuple(sorted(own))


def scaling_overrides(options: Sequence[tuple[str, str | None]]) -> list[str]:
    """Options of the command as overrides of a spec, those that were given."""
    told = []
    for key, value in options:
        if value is not None:
            told.append(f"{key}={rates_text(value) if key == 'learning_rate' else _listed(value)}")
    return told


def rates_text(text: str) -> str:
    """`0.001:1:13` (from, to, how many) or `0.01,0.1` as a spec has it. Raises `UsageError`."""
    if ":" not in text:
        return _listed(text)
    parts = [part.strip() for part in text.split(":")]
    if len(parts) != 3 or not all(parts):
        raise UsageError(
            f"--learning-rates {text[:100]}: give FROM:TO:HOW_MANY, such as 0.001:1:13, or a list"
        )
    return f"{{from: {parts[0]}, to: {parts[1]}, num: {parts[2]}}}"


def _listed(text: str) -> str:
    return f"[{text}]" if "," in text else text
