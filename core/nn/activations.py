"""The activation functions: one row of `ACTIVATIONS` each, function and derivative together.

A row's functions write down the calls that work on the arrays they are handed: a step makes them
one after the other, allocates nothing and looks nothing up.

    forward(z, a, t, p)      calls that make a <- f(z)
    slope(z, a, d, t, p)     d <- f'(z), from the pre-activation z or the output a = f(z)

All arrays have one shape and dtype and are distinct, but for `z` and `a`, which are one array where
f is applied in place; `t` is scratch; `p` is the parameter (the slope of `leaky_relu:0.2`). A row
with `needs_z = False` never reads z in `slope`, and the network then keeps no pre-activations. At a
kink f' is the one-sided derivative named in the formula.

Plain use on any array: `find_activation("gelu").f(z)` and `.df(z)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnlab.core.nn.calls import Calls, bound, make, zeros_like
from nnlab.core.nn.erf import erf
from nnlab.core.nn.parameters import Parameter, join_label, split_label
from nnlab.core.suggest import unknown

Array = NDArray[Any]
Forward = Callable[[Array, Array, Array, float], Calls]
Slope = Callable[[Array, Array, Array, Array, float], Calls]


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation function, its parameter bound to `value`."""

    name: str
    formula: str
    paper: str
    forward: Forward
    slope: Slope
    initialization: str
    """The rule that `auto` takes: the initialization made for this activation."""
    steepest: Callable[[float], float]
    """sup |f'|, from the parameter; a unit is saturated where |f'| is below 5 % of it."""
    needs_z: bool = False
    monotone: bool = True
    """Whether f' is nowhere negative."""
    aliases: tuple[str, ...] = ()
    parameter: Parameter | None = None
    value: float = 0.0
    kinks: tuple[float, ...] = ()
    """Where f' jumps or bends: quadrature splits there, gradient checks skip there."""

    @property
    def label(self) -> str:
        """The name as written in a spec: `leaky_relu`, or `leaky_relu:0.2` off the default."""
        if self.parameter is None or self.value == self.parameter.default:
            return self.name
        return join_label(self.name, self.value)

    @property
    def max_slope(self) -> float:
        """The largest |f'|."""
        return self.steepest(self.value)

    def f(self, z: ArrayLike) -> Array:
        """Apply f elementwise, in the dtype of `z` (integers count as float64)."""
        shape, z = _floating(z)
        a, t = np.empty_like(z), np.empty_like(z)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            make(self.forward(z, a, t, self.value))
        return a.reshape(shape)

    def df(self, z: ArrayLike) -> Array:
        """Apply f' elementwise, in the dtype of `z` (integers count as float64)."""
        shape, z = _floating(z)
        a, t, d = np.empty_like(z), np.empty_like(z), np.empty_like(z)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            make(self.forward(z, a, t, self.value))
            make(self.slope(z, a, d, t, self.value))
        return d.reshape(shape)


def _floating(z: ArrayLike) -> tuple[tuple[int, ...], Array]:
    """The shape of `z`, and its numbers in a row."""
    z = np.asarray(z)
    numbers = z if np.issubdtype(z.dtype, np.floating) else z.astype(np.float64)
    return z.shape, numbers.reshape(-1)


def _one(p: float) -> float:
    return 1.0


# ------------------------------------------------------------------ piecewise linear


def identity(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = z."""
    yield partial(np.copyto, a, z)


def identity_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = 1."""
    yield partial(d.fill, 1)


def relu(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = max(z, 0)."""
    yield bound(np.maximum, z, zeros_like(z), out=a)


def relu_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = 1 for z > 0, 0 for z <= 0."""
    yield bound(np.greater, a, 0, out=d)


def leaky_relu(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = max(z, p z), 0 <= p <= 1."""
    yield bound(np.multiply, z, p, out=t)
    yield bound(np.maximum, z, t, out=a)


def leaky_relu_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = 1 for z > 0, p for z <= 0."""
    yield bound(np.greater, a, 0, out=d)
    yield partial(t.fill, p)
    yield bound(np.maximum, d, t, out=d)  # not with a number, as in relu


def hard_tanh(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = min(max(z, -1), 1)."""
    yield bound(np.clip, z, -1, 1, out=a)


def hard_tanh_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = 1 for |z| < 1, else 0."""
    yield bound(np.abs, a, out=t)
    yield bound(np.less, t, 1, out=d)


# ------------------------------------------------------------------ sigmoids


def sigmoid(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = 1 / (1 + exp(-z)); exactly 0 where exp overflows, never NaN."""
    yield bound(np.negative, z, out=a)
    yield bound(np.exp, a, out=a)
    yield bound(np.add, a, 1, out=a)
    yield bound(np.reciprocal, a, out=a)


def sigmoid_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = a (1 - a)."""
    yield bound(np.subtract, 1, a, out=d)
    yield bound(np.multiply, d, a, out=d)


def tanh(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = tanh z."""
    yield bound(np.tanh, z, out=a)


def tanh_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = 1 - a^2."""
    yield bound(np.multiply, a, a, out=d)
    yield bound(np.subtract, 1, d, out=d)


def softsign(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = z / (1 + |z|)."""
    yield bound(np.abs, z, out=t)
    yield bound(np.add, t, 1, out=t)
    yield bound(np.divide, z, t, out=a)


def softsign_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = 1 / (1 + |z|)^2 = (1 - |a|)^2."""
    yield bound(np.abs, a, out=d)
    yield bound(np.subtract, 1, d, out=d)
    yield bound(np.multiply, d, d, out=d)


# ------------------------------------------------------------------ exponential linear


def elu(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = z for z > 0, p (exp z - 1) for z <= 0."""
    yield bound(np.minimum, z, 0, out=t)
    yield bound(np.expm1, t, out=t)
    yield bound(np.multiply, t, p, out=t)
    yield bound(np.maximum, z, 0, out=a)
    yield bound(np.add, a, t, out=a)


def elu_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = 1 for z > 0, p exp z = a + p for z <= 0."""
    yield bound(np.greater, a, 0, out=t)
    yield bound(np.minimum, a, 0, out=d)
    yield bound(np.add, d, p, out=d)  # p exp z where z <= 0, p where z > 0
    yield bound(np.multiply, t, 1 - p, out=t)
    yield bound(np.add, d, t, out=d)


# Klambauer 2017, equation 14: the pair for which mean 0 and variance 1 are a fixed point.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def selu(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = scale * elu(z; alpha), with Klambauer's constants."""
    yield from elu(z, a, t, SELU_ALPHA)
    yield bound(np.multiply, a, SELU_SCALE, out=a)


def selu_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = scale for z > 0, scale alpha exp z = a + scale alpha for z <= 0."""
    yield bound(np.greater, a, 0, out=t)
    yield bound(np.minimum, a, 0, out=d)
    yield bound(np.add, d, SELU_SCALE * SELU_ALPHA, out=d)
    yield bound(np.multiply, t, SELU_SCALE * (1 - SELU_ALPHA), out=t)
    yield bound(np.add, d, t, out=d)


def softplus(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = log(1 + exp z), as max(z, 0) + log1p(exp(-|z|)): no overflow."""
    yield bound(np.abs, z, out=t)
    yield bound(np.negative, t, out=t)
    yield bound(np.exp, t, out=t)
    yield bound(np.log1p, t, out=t)
    yield bound(np.maximum, z, 0, out=a)
    yield bound(np.add, a, t, out=a)


def softplus_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = sigmoid(z) = 1 - exp(-a)."""
    yield bound(np.negative, a, out=d)
    yield bound(np.expm1, d, out=d)
    yield bound(np.negative, d, out=d)


# ------------------------------------------------------------------ self-gated


def _gate(z: Array, a: Array, out: Array, t: Array) -> Calls:
    """Out <- a / z, which is the gate of a = z gate(z); 1/2 at z = 0, where both gates are 1/2.

    It saves the backward pass a second erf or exp.
    """
    yield bound(np.equal, z, 0, out=t)
    yield bound(np.multiply, t, 0.5, out=out)
    yield bound(np.add, out, a, out=out)
    yield bound(np.add, t, z, out=t)
    yield bound(np.divide, out, t, out=out)


def gelu(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = z Phi(z), Phi the standard normal distribution function (the exact GELU)."""
    yield partial(_erf_of_scaled, z, np.asarray(math.sqrt(0.5), z.dtype), a, t)
    yield bound(np.add, a, 1, out=a)
    yield bound(np.multiply, a, 0.5, out=a)
    yield bound(np.multiply, a, z, out=a)


def _erf_of_scaled(z: Array, factor: Array, out: Array, t: Array) -> None:
    # Not call by call: erf takes memory that every layer would keep then.
    erf(np.multiply(z, factor), out, t)


def gelu_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = Phi(z) + z phi(z), phi the standard normal density."""
    yield from _gate(z, a, d, t)
    yield bound(np.multiply, z, z, out=t)
    yield bound(np.multiply, t, -0.5, out=t)
    yield bound(np.exp, t, out=t)
    yield bound(np.multiply, t, z, out=t)
    yield bound(np.multiply, t, 1 / math.sqrt(2 * math.pi), out=t)
    yield bound(np.add, d, t, out=d)


def silu(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = z sigmoid(z)."""
    yield from sigmoid(z, a, t, p)
    yield bound(np.multiply, a, z, out=a)


def silu_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = s + a (1 - s), s = sigmoid(z)."""
    yield from _gate(z, a, d, t)
    yield bound(np.subtract, 1, d, out=t)
    yield bound(np.multiply, t, a, out=t)
    yield bound(np.add, d, t, out=d)


def mish(z: Array, a: Array, t: Array, p: float) -> Calls:
    """f(z) = z tanh(softplus(z)) = z n / (n + 2), n = exp z (exp z + 2)."""
    yield bound(np.minimum, z, 20, out=t)  # beyond, the quotient is 1 in double precision
    yield bound(np.exp, t, out=t)
    yield bound(np.add, t, 2, out=a)
    yield bound(np.multiply, t, a, out=t)
    yield bound(np.add, t, 2, out=a)
    yield bound(np.divide, t, a, out=a)
    yield bound(np.multiply, a, z, out=a)


def mish_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """f'(z) = w + z sigmoid(z) (1 - w^2), w = tanh(softplus(z))."""
    yield bound(np.minimum, z, 20, out=d)
    yield bound(np.exp, d, out=d)
    yield bound(np.add, d, 2, out=t)
    yield bound(np.multiply, d, t, out=t)
    yield bound(np.add, t, 2, out=d)
    yield bound(np.divide, t, d, out=t)  # t = w
    yield bound(np.negative, z, out=d)
    yield bound(np.exp, d, out=d)
    yield bound(np.add, d, 1, out=d)
    yield bound(np.divide, z, d, out=d)  # d = z sigmoid(z)
    yield partial(_less_square_share, d, t)
    yield bound(np.add, d, t, out=d)


def _less_square_share(d: Array, t: Array) -> None:
    np.subtract(d, t * t * d, out=d)


# ------------------------------------------------------------------ the table


def _at_least_one(p: float) -> float:
    return max(1.0, p)


_SLOPE = Parameter("slope", default=0.01, low=0.0, high=1.0, meaning="slope for z <= 0")
_ALPHA = Parameter("alpha", default=1.0, low=0.01, high=10.0, meaning="-f(z) as z -> -inf")

_ROWS = (
    Activation(
        "relu", "max(z, 0)", "Nair & Hinton 2010", relu, relu_slope, "he", _one, kinks=(0.0,),
    ),
    Activation(
        "leaky_relu", "max(z, slope z)", "Maas et al. 2013", leaky_relu, leaky_relu_slope,
        "he", _one, parameter=_SLOPE, value=_SLOPE.default, kinks=(0.0,),
    ),
    Activation("tanh", "tanh(z)", "LeCun et al. 1998", tanh, tanh_slope, "glorot", _one),
    Activation(
        "sigmoid", "1 / (1 + exp(-z))", "Rumelhart et al. 1986", sigmoid, sigmoid_slope,
        "glorot", lambda p: 0.25, aliases=("logistic",),
    ),
    Activation(
        "identity", "z", "Saxe et al. 2014", identity, identity_slope, "glorot", _one,
        aliases=("linear",),
    ),
    Activation(
        "elu", "z if z > 0 else alpha (exp(z) - 1)", "Clevert et al. 2016", elu, elu_slope,
        "he", _at_least_one, parameter=_ALPHA, value=_ALPHA.default, kinks=(0.0,),
    ),
    Activation(
        "selu", "1.0507 (z if z > 0 else 1.67326 (exp(z) - 1))", "Klambauer et al. 2017",
        selu, selu_slope, "lecun", lambda p: SELU_SCALE * SELU_ALPHA, kinks=(0.0,),
    ),
    Activation(
        "gelu", "z Phi(z)", "Hendrycks & Gimpel 2016", gelu, gelu_slope, "he",
        lambda p: 1.1289041452, needs_z=True, monotone=False,
    ),
    Activation(
        "silu", "z / (1 + exp(-z))", "Elfwing et al. 2018", silu, silu_slope, "he",
        lambda p: 1.0998393202, needs_z=True, monotone=False, aliases=("swish",),
    ),
    Activation(
        "softplus", "log(1 + exp(z))", "Dugas et al. 2001", softplus, softplus_slope, "he", _one,
    ),
    Activation(
        "softsign", "z / (1 + |z|)", "Bergstra et al. 2009", softsign, softsign_slope,
        "glorot", _one, kinks=(0.0,),
    ),
    Activation(
        "hard_tanh", "min(max(z, -1), 1)", "Collobert 2004", hard_tanh, hard_tanh_slope,
        "glorot", _one, kinks=(-1.0, 1.0),
    ),
    Activation(
        "mish", "z tanh(log(1 + exp(z)))", "Misra 2019", mish, mish_slope, "he",
        lambda p: 1.0884981613, needs_z=True, monotone=False,
    ),
)  # fmt: skip

ACTIVATIONS: dict[str, Activation] = {row.name: row for row in _ROWS}
"""Every activation by name; command-line choices, spec errors, docs, tests and plots follow it."""

_BY_ALIAS = {alias: row for row in _ROWS for alias in (row.name, *row.aliases)}


def find_activation(label: str) -> Activation:
    """The row for `relu`, an alias such as `swish`, or a parametrized `leaky_relu:0.2`.

    Raises `ValueError` with a full sentence for an unknown name or a bad parameter.
    """
    name, text = split_label(label)
    row = _BY_ALIAS.get(name)
    if row is None:
        meant = _parameter_meant(label)
        if meant is not None:
            raise ValueError(
                f"unknown activation {label!r}; did you mean {meant!r}? A parameter stands behind "
                "a colon"
            )
        raise ValueError(unknown("activation", name, ACTIVATIONS))
    if text is None:
        return row
    if row.parameter is None:
        raise ValueError(f"activation '{name}' takes no parameter, but {label!r} gives it one")
    return replace(row, value=row.parameter.read(text, label))


def _parameter_meant(label: str) -> str | None:
    """`leaky_relu:0.2` for `leaky_relu(0.2)` and `leaky_relu=0.2`; None where it is neither."""
    name, round_, text = label.strip().partition("(")
    if round_:
        text = text.removesuffix(")")
    else:
        name, _, text = label.partition("=")
    name, text = name.strip(), text.strip()
    row = _BY_ALIAS.get(name)
    if row is None or row.parameter is None:
        return None
    try:
        row.parameter.read(text, label)
    except ValueError:
        return None
    return f"{name}:{text}"
