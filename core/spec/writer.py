"""A spec's values -> the YAML of `results/<name>/spec.yaml`: every key, grouped, repeatable."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nnlab.core.spec.reader import scalar
from nnlab.core.wording import number

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("name", "description")),
    ("data", ("dataset", "test_fraction", "split_seed", "standardize")),
    (
        "network (hidden_layer_sizes, or width and depth)",
        ("hidden_layer_sizes", "width", "depth", "activation", "loss", "output", "initialization"),
    ),
    (
        "optimizer (null: its own default)",
        ("optimizer", "momentum", "beta1", "beta2", "epsilon", "weight_decay"),
    ),
    ("training (epochs or steps)", ("learning_rate", "schedule", "warmup_steps", "batch_size")),
    ("", ("epochs", "steps", "seeds")),
    ("what is kept", ("target_loss", "records", "dtype", "save_weights")),
)
"""The keys in their order, under headings; a group without one continues the group before."""

_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./-]|:(?=[A-Za-z0-9.+-]))*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def write(values: Mapping[str, object], heading: str) -> str:
    """The YAML text of the written values of every key; `heading` is its first comment."""
    lines = [f"# {heading}"]
    for title, keys in GROUPS:
        if title:
            lines += ["", f"# {title}"]
        lines += [f"{key}: {_top(values[key])}" for key in keys]
    return "\n".join(lines) + "\n"


def _top(value: object) -> str:
    if isinstance(value, str) and "\n" in value and (block := _block(value)):
        return block
    return flow(value)


def flow(value: object) -> str:
    """A value on one line.

    >>> flow([1e-4, "leaky_relu:0.2", "no", "true", None, {"n": 3}])
    '[0.0001, leaky_relu:0.2, no, "true", null, {n: 3}]'
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number(value)
        case list() | tuple():
            return f"[{', '.join(flow(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{key}: {flow(item)}' for key, item in value.items())}}}"
        case str():
            plain = _PLAIN.fullmatch(value) and scalar(value) == value
            return value if plain else f'"{"".join(_escaped(c) for c in value)}"'
        case _:
            raise TypeError(f"a {type(value).__name__} has no YAML form here")


def _escaped(c: str) -> str:
    if c in _ESCAPES or c == " " or c.isprintable():
        return _ESCAPES.get(c, c)
    return f"\\U{ord(c):08x}"


def _block(text: str) -> str | None:
    """A literal block, where the text is so tame that it reads back unchanged; else None."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    tame = all(
        not line or (line.isprintable() and line == line.strip() and line != "\ufeff")
        for line in lines
    )
    if not tame or not lines[0] or not lines[-1]:
        return None
    indented = "\n".join(f"  {line}" if line else "" for line in lines)
    return f"|{'' if text.endswith(chr(10)) else '-'}\n{indented}"
