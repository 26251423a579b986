"""The spec: a YAML file -> a validated, frozen `Spec`.

`load_spec`, `parse_spec` and `make_spec` read one; each raises one `SpecError` that lists
everything wrong with it. `resolve` checks a spec against its data and fills in what they decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import PrivateAttr, ValidationError, ValidationInfo, model_validator
from pydantic_core import ErrorDetails

from nnlab.core.errors import Problem, SpecError
from nnlab.core.nn.losses import LOSSES
from nnlab.core.spec.dataset import DatasetSpec
from nnlab.core.spec.file import decode, read_file
from nnlab.core.spec.keys import SpecKeys
from nnlab.core.spec.lists import LIST_HINT
from nnlab.core.spec.phrases import sentence, told
from nnlab.core.spec.rates import OwnRates
from nnlab.core.spec.reader import AT_KEY, Document, override, read
from nnlab.core.spec.rules import DEFAULT_LOSS, Facts, data_faults, faults
from nnlab.core.spec.values import refusal
from nnlab.core.spec.writer import write
from nnlab.core.wording import shown

__all__ = [
    "DatasetSpec", "Spec", "load_spec", "make_spec", "parse_spec", "resolve",
]  # fmt: skip

_HEADING = "The resolved spec: `nnlab train` on this file repeats the study."
_REPLACES = {
    "epochs": ("steps",),
    "steps": ("epochs",),
    "hidden_layer_sizes": ("width", "depth"),
    "width": ("hidden_layer_sizes",),
    "depth": ("hidden_layer_sizes",),
}
"""An overridden key takes the place of these."""
_MOST_PROBLEMS = 50


@dataclass(frozen=True)
class _Origin:
    """Where a spec was written: no part of what it says, so any two compare equal."""

    document: Document = field(default_factory=lambda: Document("<spec>"), compare=False)


class Spec(SpecKeys):
    """A whole study: what is trained on which data, and how, in every combination of its axes."""

    _origin: _Origin = PrivateAttr(default_factory=_Origin)

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Self:
        damaged = (info.context or {}).get("damaged", ())
        if found := faults(self, damaged):
            raise refusal(found)
        return self

    @property
    def source(self) -> str:
        """The file that the spec was read from, as messages name it."""
        return self._origin.document.source

    def problem(self, key: str, message: str) -> Problem:
        """`message` about `key`, at the place where the spec gives it (if it does)."""
        return self.problem_at((key,), message)

    def problem_at(self, path: tuple[str | int, ...], message: str) -> Problem:
        """`message` about what stands at `path`, such as `("dataset", "target")`."""
        return self._origin.document.problem(path, told(path, message))

    def to_yaml(self) -> str:
        """The spec with every key, so that reading the text gives an equal `Spec`."""
        values = {key: getattr(self, key) for key in type(self).model_fields}
        for key, value in values.items():
            if isinstance(value, tuple) and len(value) == 1:
                values[key] = value[0]
        seeds = self.seeds
        values["seeds"] = len(seeds) if seeds == tuple(range(len(seeds))) else seeds
        values["dataset"] = self.dataset.written()
        if isinstance(self.learning_rate, OwnRates):
            values["learning_rate"] = self.learning_rate.written()
        return write(values, _HEADING)


class Data(Protocol):
    """What `resolve` looks at in a `nnlab.core.data.Dataset`."""

    @property
    def name(self) -> str:
        """Its label."""

    @property
    def task(self) -> str:
        """`classification` or `regression`."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; () for regression."""

    @property
    def X(self) -> NDArray[np.float64]:
        """The features, (n, d)."""


def load_spec(path: str | Path, overrides: Sequence[str] = ()) -> Spec:
    """The spec in the file `path`, with `key=value` overrides.

    Paths in it are relative to the folder of the file. Raises `SpecError` with every problem.
    """
    source = shown(str(path), 4096)
    return parse_spec(read_file(path), source, Path(path).absolute().parent, overrides)


def parse_spec(
    text: str | bytes,
    source: str = "<spec>",
    base: Path | None = None,
    overrides: Sequence[str] = (),
) -> Spec:
    """The spec in a YAML text; `source` names it in messages.

    Paths in it are relative to the folder `base` (default: the current one). An override replaces
    the key and what excludes it: `steps=100` takes the place of `epochs`. Raises `SpecError`.
    """
    try:
        document = read(decode(text, source), source)
    except SpecError as error:
        document = Document(source)
        override(document, overrides)
        raise SpecError(source, _cut_short([*error.problems, *document.problems])) from None
    for key in override(document, overrides):
        for other in _REPLACES.get(key, ()):
            if not document.overridden(other):
                document.drop(other)
    return _build(document, base or Path.cwd())


def make_spec(**keys: Any) -> Spec:
    """A spec from Python values, as a YAML file would give them; tuples and arrays count as lists.

    >>> make_spec(name="demo", activation=["relu", "tanh"], seeds=3).n_runs
    6

    Raises `SpecError`.
    """
    # pydantic gives no place for a key that is no text of Unicode
    values = {shown(key, None): _plain(v) for key, v in keys.items() if v is not None}
    return _build(Document("<spec>", values=values), Path.cwd())


def resolve(spec: Spec, dataset: Data) -> Spec:
    """The spec with `loss` and `output` filled in, checked against the data it is to train on.

    Without a loss, classes get cross_entropy and numbers mse; without an output, the loss gets its
    own. Raises `SpecError` with everything that does not fit the data: a loss or output for the
    other task, a batch larger than the training part, a warm-up longer than the training.
    """
    facts = Facts(shown(dataset.name), dataset.task, len(dataset.X), len(dataset.classes))
    if found := data_faults(spec, facts):
        raise SpecError(spec.source, [spec.problem_at(path, message) for path, message in found])
    loss = spec.loss or DEFAULT_LOSS[dataset.task]
    output = spec.output or LOSSES[loss].default_output
    return spec.model_copy(update={"loss": loss, "output": output})


def _plain(value: Any) -> Any:
    """Python's and NumPy's values as YAML would give them."""
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _build(document: Document, base: Path) -> Spec:
    """The spec that a document says; raises `SpecError` with all its problems."""
    problems = list(document.problems)
    damaged = set(document.damaged)
    values: dict[str, Any] = {k: v for k, v in document.values.items() if k not in damaged}
    if "name" in damaged:
        values["name"] = "unnamed"
    untold = 0
    spec = None
    while spec is None:
        try:
            spec = Spec.model_validate(values, context={"damaged": damaged})
        except ValidationError as error:
            lines = error.errors(include_url=False, include_context=False)
            # "did you mean" takes a millisecond: not for ten thousand unknown keys
            problems += [_problem(document, line) for line in lines[:_MOST_PROBLEMS]]
            untold += len(lines[_MOST_PROBLEMS:])
            # what fails by itself is left out, so that the rest is checked for fitting together
            wrong = {str(line["loc"][0]) for line in lines}
            damaged |= wrong
            values = {k: v for k, v in values.items() if k not in wrong}
            values.setdefault("name", "unnamed")
    if problems:
        problems.sort(
            key=lambda problem: (problem.line is None, problem.line or 0, problem.column or 0)
        )
        raise SpecError(document.source, _cut_short(problems, untold))
    anchored = spec.dataset.anchored(base)
    spec = spec.model_copy(update={"dataset": anchored}) if anchored != spec.dataset else spec
    spec._origin = _Origin(document)
    return spec


def _cut_short(problems: list[Problem], untold: int = 0) -> list[Problem]:
    """The first fifty, and how many more there are; `untold` were never put into words."""
    untold += len(problems[_MOST_PROBLEMS:])
    more = [Problem(f"and {untold} more problems")] if untold else []
    return [*problems[:_MOST_PROBLEMS], *more]


def _problem(document: Document, line: ErrorDetails) -> Problem:
    path = line["loc"]
    if line["type"] == "extra_forbidden":
        path = (*path, AT_KEY)
    message = sentence(line, SpecKeys.model_fields)
    key = str(path[0])
    if LIST_HINT in message and document.overridden(key):
        before, _, written = message.partition(LIST_HINT)
        message = f'{before}write -s "{key}={written}"'
    return document.problem(path, message)
