"""What a study would do, before it does it: for `nnlab check` and `--dry-run`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from nnlab.cli.pace import duration
from nnlab.cli.tables import paragraph
from nnlab.core.analysis.axes import architecture_label
from nnlab.core.limits import LONG_SECONDS
from nnlab.core.nn.mlp import count_parameters
from nnlab.core.report.wording import listed, plural
from nnlab.core.spec.reader import read

if TYPE_CHECKING:
    from pathlib import Path

    from rich.text import Text

    from nnlab.core.listener import Outlook
    from nnlab.core.study import Study

MUCH_MEASURING = 0.3
"""Share of the estimated time from which it is said what measuring takes."""
FEW_RECORDS = 5
"""What is suggested then: enough to see where a run goes."""

_AXES = (
    "architectures", "activation", "initialization", "optimizer", "learning_rate", "batch_size",
    "seeds",
)  # fmt: skip
_NOUNS = {
    "architectures": "architecture",
    "activation": "activation",
    "initialization": "initialization",
    "optimizer": "optimizer",
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "seeds": "seed",
}


def lines(study: Study, outlook: Outlook, width: int, *, stored: bool = True) -> list[Text]:
    """The facts, one a line under the name of the study; `stored`: with what there is already."""
    from rich.text import Text

    facts = {
        "data": _data(study),
        **_features(study),
        "networks": _networks(study),
        "trains": _values(study, "activation") + f" with {_training(study)}",
        "runs": _runs(study),
        "steps": _steps(study),
    }
    if stored:
        facts["stored"] = f"{outlook.stored:,} of {plural(outlook.runs, 'run')}"
    facts["time"] = f"about {duration(outlook.seconds)} on {_workers(study, outlook)}"
    facts["time"] += _measuring(study, outlook)
    if stored and outlook.seconds > LONG_SECONDS:
        facts["time"] += "; to begin it takes --yes"
    facts["results"] = str(study.folder)
    if stored and (kept := study.would_keep()) is not None:
        facts["results"] += f"; the other spec's results in it would be kept as {kept}"
    wide = max(len(name) for name in facts)
    told = [Text(study.spec.name, style="bold")]
    for name, fact in facts.items():
        told += map(Text, paragraph(f"{name:<{wide}}  {fact}", width, indent=wide + 2))
    return told


def document(study: Study, outlook: Outlook) -> dict[str, Any]:
    """The same for programs, with the spec as it would run."""
    split = study.plan.split
    return {
        "name": study.spec.name,
        "folder": str(study.folder),
        "kept_as": _text(study.would_keep()),
        "runs": outlook.runs,
        "stored": outlook.stored,
        "stacks": outlook.stacks,
        "run_steps": outlook.run_steps,
        "seconds": outlook.seconds,
        "measuring_seconds": outlook.measuring_seconds,
        "bytes": outlook.bytes,
        "data": {
            "name": split.name,
            "task": split.task,
            "features": split.X_train.shape[1],
            "feature_names": list(split.features),
            "classes": list(split.classes),
            "training_examples": len(split.X_train),
            "test_examples": len(split.X_test),
        },
        "spec": read(study.spec.to_yaml(), "the resolved spec").values,
    }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _data(study: Study) -> str:
    split = study.plan.split
    what = f"{len(split.classes)} classes"
    if split.task == "regression":
        what = plural(split.y_train.shape[1], "target")
    return (
        f"{split.name}: {plural(split.X_train.shape[1], 'feature')}, {what}; "
        f"{len(split.X_train):,} examples to train on, {len(split.X_test):,} to test"
    )


def _features(study: Study) -> dict[str, str]:
    """The columns of the user's own table: one that is an identifier shows here.

    A column of texts, of which each became a feature `town=Bonn`, is named once.
    """
    if study.spec.dataset.csv is None:
        return {}
    columns = []
    for name, group in groupby(study.plan.split.features, lambda name: name.rpartition("=")[0]):
        features = list(group)
        folded = name and len(features) > 1
        columns += [f"{name} ({len(features)} texts)"] if folded else features
    return {"features": listed(columns, 20)}


def _networks(study: Study) -> str:
    sizes = list(dict.fromkeys(run.recipe.layer_sizes for run in study.plan.runs))
    shown = [architecture_label("-".join(map(str, size[1:-1]))) for size in sizes]
    counts = [count_parameters(size) for size in sizes]
    least, most = min(counts), max(counts)
    parameters = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return f"hidden layers {listed(shown, 4)}; {parameters} parameters"


def _training(study: Study) -> str:
    spec = study.spec
    return f"{spec.loss} after {spec.output}, {_values(study, 'optimizer')}"


def _values(study: Study, axis: str) -> str:
    return listed([str(value) for value in getattr(study.spec, axis)], 6)


def _runs(study: Study) -> str:
    """`4 activations x 5 seeds = 20 runs`."""
    axes = {axis: getattr(study.spec, axis) for axis in _AXES}
    axes["learning_rate"] = study.spec.rates_of(study.spec.activation[0])
    counts = {axis: len(values) for axis, values in axes.items()}
    factors = [plural(n, _NOUNS[axis]) for axis in _AXES if (n := counts[axis]) > 1]
    total = plural(study.spec.n_runs, "run")
    return f"{' × '.join(factors)} = {total}" if len(factors) > 1 else total


def _steps(study: Study) -> str:
    steps = {run.recipe.steps for run in study.plan.runs}
    least, most = min(steps), max(steps)
    many = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    epochs = study.spec.epochs
    return f"{many} a run" + (f" ({plural(epochs, 'epoch')})" if epochs else "")


def _measuring(study: Study, outlook: Outlook) -> str:
    """What the records take, where that is much: a spec can ask for fewer."""
    share = outlook.measuring_seconds / outlook.seconds
    moments = max(run.recipe.moments for run in study.plan.runs)
    if share < MUCH_MEASURING or moments <= FEW_RECORDS:
        return ""
    return (
        f", some {round(100 * share, -1):.0f} % of it to measure {moments:,} moments a run "
        f"(records: {FEW_RECORDS} takes less)"
    )


def _workers(study: Study, outlook: Outlook) -> str:
    count = max(1, min(study.settings.workers, outlook.stacks))
    if study.settings.cluster is not None:
        return f"{plural(count, 'worker')} of the cluster"
    return "1 process" if count == 1 else f"{count} processes"
