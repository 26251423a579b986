"""A comparison of activations as a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnlab.core.analysis.comparison import Block, Comparison, Contrast, Entrant
from nnlab.core.report.contrast_sentences import sentence

if TYPE_CHECKING:
    from nnlab.core.results import Results
    from nnlab.core.tuning import Trial, Tuning


def comparison_document(
    results: Results, comparison: Comparison, tuning: Tuning | None
) -> dict[str, Any]:
    """What `comparison_table` shows, and all blocks; as data."""
    shared = {"learning_rate": results.runs["learning_rate"][0]}
    return {
        "name": results.spec.name,
        "folder": str(results.folder),
        "report": str(results.report),
        "runs": results.counts,
        "activations": list(comparison.activations),
        "baseline": comparison.baseline,
        "seeds": comparison.seeds,
        "explores": comparison.explores,
        "target_loss": comparison.target_loss,
        "tests": comparison.tests,
        "tuning": None if tuning is None else _tuning_document(tuning),
        "blocks": [_block_document(block, comparison, shared) for block in comparison.blocks],
    }


def _block_document(block: Block, comparison: Comparison, shared: dict[str, Any]) -> dict[str, Any]:
    setting = dict(block.setting)
    return {
        "setting": setting,
        "activations": [_entrant_document(entrant, shared | setting) for entrant in block.entrants],
        "comparisons": [_contrast_document(c, block, comparison) for c in block.contrasts],
    }


def _entrant_document(entrant: Entrant, shared: dict[str, Any]) -> dict[str, Any]:
    measures: dict[str, Any] = {}
    for standing in entrant.standings:
        interval = standing.interval
        measures[standing.measure.column] = {
            "average": "geometric" if standing.measure.scale == "log" else "arithmetic",
            "mean": None if interval is None else interval.estimate,
            "low": None if interval is None else interval.low,
            "high": None if interval is None else interval.high,
            "n": 0 if interval is None else interval.n,
            "lost": standing.lost,
        }
    return {
        "activation": entrant.activation,
        "learning_rate": shared["learning_rate"],
        **entrant.own,
        "runs": entrant.runs,
        "finished": entrant.finished,
        "diverged": entrant.diverged,
        "failed": entrant.failed,
        "seconds_per_step": entrant.seconds_per_step,
        "measures": measures,
    }


def _contrast_document(contrast: Contrast, block: Block, comparison: Comparison) -> dict[str, Any]:
    interval = contrast.interval
    return {
        "activation": contrast.activation,
        "baseline": contrast.baseline,
        "measure": contrast.measure.column,
        "kind": "ratio" if contrast.measure.scale == "log" else "difference",
        "estimate": None if interval is None else interval.estimate,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "pairs": contrast.pairs,
        "left_out": list(contrast.left_out),
        "p_value": contrast.p_value,
        "p_holm": contrast.p_holm,
        "clear": contrast.clear,
        "words": sentence(contrast, block, comparison),
    }


def _tuning_document(tuning: Tuning) -> dict[str, Any]:
    return {
        "learning_rates": tuning.rates.written(),
        "seeds": list(tuning.seeds),
        "at_edge": list(tuning.at_edge),
        "folder": str(tuning.folder),
        "trials": [_trial_document(trial) for trial in tuning.trials],
    }


def _trial_document(trial: Trial) -> dict[str, Any]:
    return {
        "activation": trial.activation,
        "learning_rate": trial.learning_rate,
        "steps_to_target": trial.steps_to_target,
        "train_loss": trial.train_loss,
        "lost": trial.lost,
    }
