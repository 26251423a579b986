"""The key `dataset`: a set that comes along, a CSV or NPZ file, or a name on OpenML."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nnlab.core.data.datasets import DATASETS
from nnlab.core.spec.names import Choice, Names, Text
from nnlab.core.spec.reader import AT_KEY
from nnlab.core.spec.reader import Path as Place
from nnlab.core.spec.values import Kind, Misfit, Schema, Whole, expected, refusal
from nnlab.core.suggest import unknown
from nnlab.core.wording import quoted

_NAME = Choice("data set", DATASETS)
_FORMS: dict[str, dict[str, Kind[Any]]] = {
    "name": {"name": _NAME},
    "csv": {
        "csv": Text("a file name", most=4096),
        "target": Text("the name of a column"),
        "leave_out": Names(Text("the name of a column")),
    },
    "npz": {"npz": Text("a file name", most=4096)},
    "openml": {"openml": Text("the name of a data set on OpenML"), "version": Whole(1)},
}
"""The four ways to write a data set, by the key that tells them apart."""
_MEANINGS = {
    "name": "A data set that comes along",
    "csv": "A CSV file with a line of titles; its path is relative to the spec's file",
    "target": "Title of the column that is to be predicted",
    "leave_out": "Title of a column that is not to be read, or a list of them",
    "npz": "A NumPy archive with the arrays X and y; its path is relative to the spec's file",
    "openml": "Name of a data set on openml.org; it is fetched once and kept",
    "version": "Its version there; the newest that is active if not given",
}
"""What each key of a data set is, for editors."""
_FILES = {
    ".csv": "{{csv: {}, target: COLUMN}}",
    ".tsv": "{{csv: {}, target: COLUMN}}",
    ".txt": "{{csv: {}, target: COLUMN}}",
    ".npz": "{{npz: {}}}",
}
"""How a file is written as a data set, by its ending."""
_OPTIONAL = ("leave_out", "version")
_SHAPES = "{name: spirals, n: 500}, {csv: FILE, target: COLUMN}, {npz: FILE} or {openml: NAME}"


class DatasetSpec(BaseModel):
    """Which data to train on; exactly one of `name`, `csv`, `npz` and `openml` is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    options: dict[str, int | float] = Field(default_factory=dict)
    """Every option of a generated data set, those not written at their defaults."""
    csv: Path | None = None
    target: str | None = None
    """The column of the CSV file that is to be predicted."""
    leave_out: tuple[str, ...] = ()
    """Columns of the CSV file that are not read."""
    npz: Path | None = None
    openml: str | None = None
    version: int | None = None
    """The version on OpenML; None is the newest that is active."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, fields: dict[str, Any]) -> dict[str, Any]:
        written = {key: value for key, value in fields.items() if value not in (None, ())}
        options = written.pop("options", {})
        if isinstance(written.get("leave_out"), tuple):
            written["leave_out"] = list(written["leave_out"])
        for key in ("csv", "npz"):
            if isinstance(written.get(key), Path):
                written[key] = str(written[key])
        try:
            return _fields({**written, **options})
        except Misfit as misfit:
            raise refusal(misfit.faults) from None

    @property
    def label(self) -> str:
        """The short name that tables and plots use; options show where they are not the default.

        >>> DatasetSpec(name="spirals", options={"n": 500}).label
        'spirals(n=500)'
        """
        if self.name is not None:
            defaults = DATASETS[self.name].complete({})
            changed = [f"{k}={v!r}" for k, v in self.options.items() if v != defaults[k]]
            return f"{self.name}({', '.join(changed)})" if changed else self.name
        if self.openml is not None:
            return self.openml if self.version is None else f"{self.openml}(version={self.version})"
        file = self.csv or self.npz
        assert file is not None
        return file.name

    def anchored(self, base: Path) -> DatasetSpec:
        """The same with an absolute path, a relative one counted from the folder `base`."""
        file = self.csv or self.npz
        if file is None:
            return self
        # Not Path.expanduser, which raises for a user whom there is not: then ~name is a name.
        absolute = Path(os.path.abspath(base / os.path.expanduser(file)))
        return self.model_copy(update={"csv" if self.csv else "npz": absolute})

    def written(self) -> str | dict[str, Any]:
        """The shortest form in which a spec writes it."""
        if self.name is not None:
            return {"name": self.name, **self.options} if self.options else self.name
        fields = {
            "csv": self.csv and str(self.csv),
            "target": self.target,
            "leave_out": list(self.leave_out) or None,
            "npz": self.npz and str(self.npz),
            "openml": self.openml,
            "version": self.version,
        }
        return {key: value for key, value in fields.items() if value is not None}


class DatasetKind(Kind[DatasetSpec]):
    """A data set as a spec writes it: a name, or a flat mapping."""

    def read(self, value: object) -> DatasetSpec:
        """The data set; raises `Misfit` with every fault of the mapping."""
        if isinstance(value, DatasetSpec):
            return value
        if isinstance(value, str):
            if "://" in value:
                what = "is an address, and nothing is fetched; download it, then write"
                raise Misfit(((), f"{quoted(value)} {what} {{csv: FILE, target: COLUMN}}"))
            if form := _FILES.get(os.path.splitext(value)[1].lower()):
                what = "is a file, not the name of a data set"
                raise Misfit(
                    ((), f"{quoted(value)} {what}; write {form.format(quoted(value)[1:-1])}")
                )
            value = {"name": _NAME.read(value)}
        if not isinstance(value, dict):
            raise expected(f"the name of a data set, or {_SHAPES}", value)
        return DatasetSpec.model_construct(**_fields(value))

    def schema(self) -> Schema:
        """An enumeration of the names, or one object for each form."""
        forms = [
            _object({k: kind.schema() | {"description": _MEANINGS[k]} for k, kind in form.items()})
            for mark, form in _FORMS.items()
            if mark != "name"
        ]
        for row in DATASETS.values():
            options = {
                name: {
                    "type": "integer" if option.kind is int else "number",
                    "minimum": option.low,
                    "maximum": option.high,
                    "default": option.default,
                    "description": option.description,
                }
                for name, option in row.options.items()
            }
            name = {"const": row.name, "description": _MEANINGS["name"]}
            named = _object({"name": name, **options}, optional=options)
            forms.append({**named, "description": row.description})
        return {"anyOf": [_NAME.schema(), *forms]}


def _object(properties: dict[str, Schema], optional: Any = _OPTIONAL) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [key for key in properties if key not in optional],
        "additionalProperties": False,
    }


def _fields(written: dict[str, Any]) -> dict[str, Any]:
    """The fields of a `DatasetSpec` for a written mapping; raises `Misfit` with every fault."""
    marks = [key for key in written if key in _FORMS]
    if not marks:
        raise Misfit(((), f"a data set is a name, {_SHAPES}"))
    if len(marks) > 1:
        message = f"{quoted(marks[0])} and {quoted(marks[1])} exclude one another"
        raise Misfit(((marks[1], AT_KEY), message))
    (mark,) = marks
    faults: list[tuple[Place, str]] = []
    fields: dict[str, Any] = {}
    for key, kind in _FORMS[mark].items():
        if key in written:
            try:
                fields[key] = kind.read(written[key])
            except Misfit as misfit:
                faults += [((key, *path), message) for path, message in misfit.faults]
        elif key not in _OPTIONAL:
            faults.append(((), f"{key!r} is missing: {{{mark}: FILE, {key}: COLUMN}}"))
    others = {key: value for key, value in written.items() if key not in _FORMS[mark]}
    if "name" in fields:
        fields["options"], wrong = _options(fields["name"], others)
        faults += wrong
    elif mark != "name":
        allowed = list(_FORMS[mark])
        faults += [
            ((key, AT_KEY), unknown(f"key beside '{mark}'", str(key)[:100], allowed))
            for key in others
        ]
    if faults:
        raise Misfit(*faults)
    return {key: Path(value) if key in ("csv", "npz") else value for key, value in fields.items()}


def _options(
    name: str, written: dict[str, Any]
) -> tuple[dict[str, int | float], list[tuple[Place, str]]]:
    """All options of the data set `name`, and what is wrong with those written."""
    row = DATASETS[name]
    faults: list[tuple[Place, str]] = []
    for key, value in written.items():
        if option := row.options.get(key):
            if sentence := option.problem(key, value):
                wanted = sentence.removeprefix(f"'{key}' is ")
                faults.append(((key,), f"expected {wanted}"))
        else:
            faults += [((key, AT_KEY), sentence) for sentence in row.problems({key: value})]
    if not faults:
        faults += [((), sentence) for sentence in row.problems(written)]
    return ({} if faults else row.complete(written)), faults
