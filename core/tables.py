"""What there is to choose from: every table of nnlab as plain rows, for a listing or a document.

A topic is one table; its rows say a name as a spec writes it, what it is, and where it comes from.
Nothing stands here twice: each row is read off the table that the computing uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nnlab.core.errors import UsageError
from nnlab.core.suggest import unknown


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to choose."""

    name: str
    what: str
    """A formula, or a few words."""
    source: str
    """Paper or origin."""
    details: tuple[str, ...] = ()
    """More that is worth knowing, each a few words."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One table."""

    name: str
    """As `nnlab list` takes it."""
    key: str
    """The key of a spec that it belongs to; empty where there is none."""
    about: str
    entries: Callable[[], Iterator[Entry]]
    by_source: bool = False
    """Whether its entries are told source by source: columns, whose names several files share."""


def _activations() -> Iterator[Entry]:
    from nnlab.core.nn.activations import ACTIVATIONS

    for row in ACTIVATIONS.values():
        details = [f"auto: {row.initialization}"]
        if row.aliases:
            details.append(f"also {', '.join(row.aliases)}")
        if row.parameter is not None:
            p = row.parameter
            details.append(f"{row.name}:{p.default:g} is the default; {p.low:g} to {p.high:g}")
        yield Entry(row.name, row.formula, row.paper, tuple(details))


def _losses() -> Iterator[Entry]:
    from nnlab.core.nn.losses import LOSSES

    for row in LOSSES.values():
        details = (f"for {' and '.join(row.tasks)}", f"output: {row.default_output}")
        yield Entry(row.name, row.formula, row.paper, details)


def _outputs() -> Iterator[Entry]:
    from nnlab.core.nn.losses import OUTPUTS, PAIRS

    for row in OUTPUTS.values():
        losses = [loss for loss, output in PAIRS if output == row.name]
        yield Entry(row.name, row.formula, "", (f"with {', '.join(losses)}",))


def _initializations() -> Iterator[Entry]:
    from nnlab.core.nn.initializers import INITIALIZERS

    for row in INITIALIZERS.values():
        yield Entry(row.name, row.formula, row.paper)


def _optimizers() -> Iterator[Entry]:
    from nnlab.core.nn.optimizers import OPTIMIZERS

    for row in OPTIMIZERS.values():
        details = tuple(f"{name} {value:g}" for name, value in row.hyperparameters.items())
        yield Entry(row.name, row.formula, row.paper, details)


def _datasets() -> Iterator[Entry]:
    from nnlab.core.data.datasets import DATASETS

    for row in DATASETS.values():
        kind = f"{row.classes} classes" if row.task == "classification" else "regression"
        details = [f"{row.n} examples, {row.features} features, {kind}"]
        if row.options:
            details.append(f"options: {', '.join(row.options)}")
        yield Entry(row.name, row.description, row.source, tuple(details))


def _quantities() -> Iterator[Entry]:
    from nnlab.core.quantities import CURVE_COLUMNS, LAYER_COLUMNS, RUN_COLUMNS

    for file, columns in (
        ("runs.csv", RUN_COLUMNS),
        ("curves.parquet", CURVE_COLUMNS),
        ("layers.parquet", LAYER_COLUMNS),
    ):
        for row in columns.values():
            unit = (f"in {row.unit}",) if row.unit else ()
            yield Entry(row.name, row.meaning, file, unit)


def _questions() -> Iterator[Entry]:
    from nnlab.core.questions.table import QUESTIONS

    for row in QUESTIONS.values():
        yield Entry(row.id, row.title, f"nnlab answer {row.id}")


def _specs() -> Iterator[Entry]:
    from nnlab.configs import shipped
    from nnlab.core.spec import load_spec

    for name, path in shipped().items():
        yield Entry(name, load_spec(path).description, f"nnlab train {name}")


TOPICS = {
    topic.name: topic
    for topic in (
        Topic("activations", "activation", "functions of the hidden layers", _activations),
        Topic("losses", "loss", "losses, means over the examples of a batch", _losses),
        Topic("outputs", "output", "functions of the output layer", _outputs),
        Topic("initializations", "initialization", "rules of the first weights", _initializations),
        Topic("optimizers", "optimizer", "update rules, with their defaults", _optimizers),
        Topic("datasets", "dataset", "data sets that come along", _datasets),
        Topic("specs", "", "specs that ship, each a short lesson", _specs),
        Topic("questions", "", "questions with an answer by experiment", _questions),
        Topic("quantities", "", "columns of the tables of a study", _quantities, by_source=True),
    )
}


def find_topic(name: str) -> Topic:
    """The topic of this name, singular or plural. Raises `UsageError` that lists them."""
    wanted = name.strip().lower()
    for topic in TOPICS.values():
        if wanted in (topic.name, topic.key) or f"{wanted}s" == topic.name:
            return topic
    raise UsageError(unknown("topic", name, list(TOPICS)))
