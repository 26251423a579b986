"""Where softmax and cross-entropy break in floating point, found by bisection over all floats.

The naive functions here are the object of study and nothing else: they are the formulas as they
stand in a textbook, and what goes wrong in them is what is measured. Training uses `nn.losses`,
which subtracts the maximum and works with log-sum-exp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.nn.losses import OUTPUTS, PAIRS, Pair, sum_outputs

Array = NDArray[Any]
Holds = Callable[[Any], bool]

DTYPES = ("float16", "float32", "float64")
_BITS: dict[str, Any] = {"float16": np.uint16, "float32": np.uint32, "float64": np.uint64}

CROSS_ENTROPY = PAIRS["cross_entropy", "softmax"]
BINARY = PAIRS["binary_cross_entropy", "sigmoid"]


# ------------------------------------------------------------------ the naive forms


def naive_softmax(z: Array) -> Array:
    """Exp z / sum exp z, as it is written. Overflows for large z; 0 / 0 for very negative z."""
    powers = np.exp(z)
    return np.asarray(powers / sum_outputs(powers)[..., None])


def naive_cross_entropy_softmax(z: Array, y: Array, delta: Array) -> Array:
    """-log p of the truth, p by `naive_softmax`; dl/dz = p - y. The log of 0 is infinite."""
    p = naive_softmax(z)
    np.subtract(p, y, out=delta)
    return np.asarray(-np.log(sum_outputs(p * y)))


def naive_binary_cross_entropy(z: Array, y: Array) -> Array:
    """-[y log p + (1 - y) log(1 - p)], p = sigmoid(z), as it is written; elementwise."""
    p = ACTIVATIONS["sigmoid"].f(z)
    return np.asarray(-np.log(np.where(y > 0.5, p, 1 - p)))


NAIVE_PAIR = Pair("cross_entropy", "softmax", naive_cross_entropy_softmax)


# ------------------------------------------------------------------ thresholds


@dataclass(frozen=True, slots=True)
class Threshold:
    """A place x > 0 up to which a probe holds in one format."""

    dtype: str
    last: float
    """The last float at which it holds."""
    first: float | None
    """The next float, at which it does not; None where it holds up to the largest number."""
    found: str
    """What comes out at `first`, in words such as `nan`."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that is measured: a function of x > 0, and what is asked of what it gives."""

    name: str
    what: str
    """The quantity, in a few words."""
    form: str
    """How it is computed: as written, with the maximum subtracted, from the logits."""
    value: Callable[[Any], Any]
    """From a scalar of the format to the number that is looked at."""
    must: str = "finite"
    """What is asked of it, in words."""
    holds: Callable[[Any], bool] = np.isfinite


def _pair_of(x: Any, other: Any = 0) -> Array:
    return np.array([[[x, other]]], dtype=x.dtype)


def _one_hot(x: Any, place: int) -> Array:
    return np.eye(2, dtype=x.dtype)[None, None, place]


def _loss(pair: Pair, z: Array, y: Array) -> Any:
    return pair.loss_and_delta(z, y, np.empty_like(z))[0, 0]


def _sigmoid_loss_stable(x: Any) -> Any:
    z = np.array([[[x]]], dtype=x.dtype)
    return _loss(BINARY, z, np.zeros_like(z))


def _one_scalar(function: Callable[[Array], Array]) -> Callable[[Any], Any]:
    return lambda x: function(np.array([x], dtype=x.dtype))[0]


_WRITTEN, _SHIFTED, _LOGITS = "as written", "maximum subtracted", "from the logits"

PROBES = (
    Probe("exp", "exp(x)", _WRITTEN, np.exp),
    Probe(
        "softmax-overflow", "softmax of [x, 0]", _WRITTEN,
        lambda x: naive_softmax(_pair_of(x))[0, 0, 0],
    ),
    Probe(
        "softmax-max", "softmax of [x, 0]", _SHIFTED,
        lambda x: OUTPUTS["softmax"].function(_pair_of(x))[0, 0, 0],
    ),
    Probe(
        "softmax-underflow", "softmax of [−x, −x]", _WRITTEN,
        lambda x: naive_softmax(_pair_of(-x, -x))[0, 0, 0],
    ),
    Probe(
        "softmax-max-low", "softmax of [−x, −x]", _SHIFTED,
        lambda x: OUTPUTS["softmax"].function(_pair_of(-x, -x))[0, 0, 0],
    ),
    Probe(
        "true-class", "p of the class x behind", _SHIFTED,
        lambda x: OUTPUTS["softmax"].function(_pair_of(x))[0, 0, 1], "above 0", lambda p: p > 0,
    ),
    Probe(
        "cross-entropy", "cross-entropy of [x, 0], truth second", _WRITTEN,
        lambda x: _loss(NAIVE_PAIR, _pair_of(x), _one_hot(x, 1)),
    ),
    Probe(
        "cross-entropy-low", "cross-entropy of [0, −x], truth second", _WRITTEN,
        lambda x: _loss(NAIVE_PAIR, _pair_of(x - x, -x), _one_hot(x, 1)),
    ),
    Probe(
        "log-sum-exp", "cross-entropy of [x, 0], truth second", _LOGITS,
        lambda x: _loss(CROSS_ENTROPY, _pair_of(x), _one_hot(x, 1)),
    ),
    Probe(
        "sigmoid", "sigmoid(x)", _WRITTEN, _one_scalar(ACTIVATIONS["sigmoid"].f), "below 1",
        lambda p: p < 1,
    ),
    Probe(
        "binary", "binary cross-entropy at x, truth 0", _WRITTEN,
        _one_scalar(lambda z: naive_binary_cross_entropy(z, np.zeros_like(z))),
    ),
    Probe(
        "binary-stable", "binary cross-entropy at x, truth 0", _LOGITS, _sigmoid_loss_stable,
    ),
)  # fmt: skip
"""Every threshold that is looked for; one row each."""


def find_threshold(probe: Probe, dtype: str) -> Threshold:
    """The last float at which the probe holds, by bisection over the format's bit patterns.

    Positive floats are ordered like their bits, so that 64 halvings find the very float. What
    holds at the smallest and fails at the largest is taken to fail once and for all.
    """
    kind, bits = np.dtype(dtype).type, _BITS[dtype]

    def number(pattern: int) -> Any:
        return np.array([pattern], bits).view(dtype)[0]

    low = int(np.array([kind(1e-3)]).view(bits)[0])
    high = int(np.array([np.finfo(dtype).max]).view(bits)[0])
    with np.errstate(all="ignore"):
        if not probe.holds(probe.value(number(low))):
            raise ValueError(f"{probe.what} is not {probe.must} even at {number(low)} in {dtype}")
        if probe.holds(probe.value(number(high))):
            return Threshold(dtype, float(number(high)), None, "")
        while high - low > 1:
            middle = (low + high) // 2
            if probe.holds(probe.value(number(middle))):
                low = middle
            else:
                high = middle
        found = probe.value(number(high))
    return Threshold(dtype, float(number(low)), float(number(high)), f"{found:g}")


def values_along(probe: Probe, dtype: str, places: Array) -> Array:
    """What the probe gives at each place, float64; NaN and infinities as they come."""
    kind = np.dtype(dtype).type
    with np.errstate(all="ignore"):
        return np.array([float(probe.value(kind(x))) for x in places])


PROBE = {probe.name: probe for probe in PROBES}
