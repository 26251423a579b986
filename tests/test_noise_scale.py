"""The gradient noise scale and the best rate of one step, where both are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from nnlab.core.analysis.noise_scale import Gradients, measure_gradients, noise_scale
from nnlab.core.analysis.one_step import Surface, batches_of, measured_rate, step_theory
from nnlab.core.batches import Part
from nnlab.core.nn.activations import find_activation
from nnlab.core.nn.losses import PAIRS
from nnlab.core.nn.mlp import MLP, count_parameters, with_ones
from tests.small import run_of

SIZES = (3, 5, 4, 2)


def net_of(sizes: tuple[int, ...], examples: int, activation: str = "tanh", seed: int = 0) -> MLP:
    pair = PAIRS["mse", "identity"]
    parameters = np.random.default_rng(seed).normal(size=(1, count_parameters(sizes)))
    return MLP(sizes, [find_activation(activation)], pair, parameters, examples)


def test_no_gradient_needs_to_be_formed() -> None:
    """Squares and products against gradients of one example at a time."""
    rng = np.random.default_rng(1)
    x = with_ones(rng.normal(size=(7, 3)), np.float64)[None]
    y = rng.normal(size=(1, 7, 2))
    whole = measure_gradients(net_of(SIZES, 7), x, y)
    each = []
    for i in range(7):
        net = net_of(SIZES, 1)
        net.forward(x[:, i : i + 1])
        net.loss(y[:, i : i + 1])
        net.zero_gradients()
        net.backward()
        each.append(net.gradients[0].copy())
    rows = np.array(each)
    mean = rows.mean(axis=0)
    assert whole.mean == pytest.approx(mean, rel=1e-10, abs=1e-13)
    assert whole.squares == pytest.approx((rows**2).sum(axis=1), rel=1e-10)
    assert whole.along == pytest.approx(rows @ mean, rel=1e-9, abs=1e-12)


def test_linear_regression_within_one_per_cent() -> None:
    """Known moments: x ~ N(0, I), y = w.x + s n, squared error, the weights off by e.

    g = 2 r (x, 1) with r = x.e - s n, so that G = (2 e, 0) and, as E (x.e)^2 |x|^2 = |e|^2 (d + 2),
    E |g|^2 = 4 (|e|^2 (d + 3) + s^2 (d + 1)).
    """
    d, m, s = 10, 200_000, 0.7
    rng = np.random.default_rng(3)
    e = rng.normal(size=d)
    x = rng.normal(size=(m, d))
    net = net_of((d, 1), m)
    net.parameters[0, :d], net.parameters[0, d] = e, 0.0
    y = s * rng.normal(size=(1, m, 1))
    found = noise_scale(measure_gradients(net, with_ones(x, np.float64)[None], y))
    signal = 4 * float(e @ e)
    noise = 4 * (float(e @ e) * (d + 3) + s**2 * (d + 1)) - signal
    assert found.signal == pytest.approx(signal, rel=0.01)
    assert found.noise == pytest.approx(noise, rel=0.01)
    assert found.simple == pytest.approx(noise / signal, rel=0.02)
    assert found.resolved


def drawn(mean: float, m: int, seed: int = 0, dimensions: int = 50) -> Gradients:
    rows = np.random.default_rng(seed).normal(mean, 1.0, size=(m, dimensions))
    centre = rows.mean(axis=0)
    return Gradients((rows**2).sum(axis=1), rows @ centre, centre)


def test_a_sample_s_own_noise_is_taken_off() -> None:
    found = [noise_scale(drawn(0.3, 20, seed)) for seed in range(400)]
    assert np.mean([f.signal for f in found]) == pytest.approx(50 * 0.09, rel=0.03)
    assert np.mean([f.noise for f in found]) == pytest.approx(50.0, rel=0.01)


def test_what_cannot_be_told_is_unresolved_and_not_clipped() -> None:
    found = [noise_scale(drawn(0.0, 20, seed)) for seed in range(50)]
    assert min(f.signal for f in found) < 0
    negative = [f for f in found if f.signal <= 0]
    assert all(f.simple is None and not f.resolved for f in negative)


def test_a_whole_population_is_exact() -> None:
    gradients = drawn(0.1, 20)
    found = noise_scale(gradients, population=20)
    assert found.signal == pytest.approx(float(gradients.mean @ gradients.mean))
    assert found.signal_error == 0.0
    assert found.resolved


def test_what_is_no_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="20 examples are no sample of 19"):
        noise_scale(drawn(0.1, 20), population=19)
    with pytest.raises(ValueError, match="a variance needs two examples or more, not 1"):
        noise_scale(drawn(0.1, 1))
    net = MLP((3, 2), [find_activation("tanh")] * 2, PAIRS["mse", "identity"],
              np.zeros((2, 8)), 4)  # fmt: skip
    with pytest.raises(ValueError, match="one net at a time, not of 2"):
        measure_gradients(net, np.ones((1, 4, 4)), np.ones((1, 4, 2)))


# ------------------------------------------------------------------ one step


def regression(n: int = 300, d: int = 4) -> tuple[Surface, np.ndarray]:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, d)) * np.array([1.0, 0.7, 0.5, 0.3])
    y = x @ rng.normal(size=(d, 1)) + 0.5 * rng.normal(size=(n, 1))
    run = run_of(
        layer_sizes=(d, 1), loss="mse", output="identity", dtype="float64", train_examples=n
    )
    part = Part(with_ones(x, np.float64), np.ascontiguousarray(y.T), classes=False)
    return Surface(run, part), rng.normal(size=d + 1)


def test_curvature_of_a_quadratic_loss_is_exact() -> None:
    surface, w = regression()
    hessian = 2 * surface.part.x.T @ surface.part.x / len(surface.part)
    directions = np.random.default_rng(0).normal(size=(6, len(w)))
    expected = np.einsum("ij,jk,ik->i", directions, hessian, directions)
    assert surface.curvatures(w, directions) == pytest.approx(expected, rel=1e-6)


def test_on_a_quadratic_loss_prediction_and_measurement_agree() -> None:
    surface, w = regression()
    theory = step_theory(surface, w)
    x, residual = surface.part.x, surface.part.x @ w - surface.part.y[0]
    each = 2 * residual[:, None] * x
    mean, hessian = each.mean(axis=0), 2 * x.T @ x / len(x)
    assert theory.signal == pytest.approx(float(mean @ mean))
    assert theory.curvature == pytest.approx(float(mean @ hessian @ mean), rel=1e-6)
    exact = float(np.trace(hessian @ np.cov(each.T)))
    assert abs(theory.noise_curvature - exact) < 3 * theory.noise_error
    assert theory.resolved
    for batch in (4, 32, 256):
        rows = batches_of(len(x), batch, 50, batch)
        g = surface.batch_gradients(w, rows)
        best = float((g @ mean).sum() / np.einsum("ij,jk,ik->", g, hessian, g))
        assert measured_rate(surface, w, batch, 0.01, 50) == pytest.approx(best, rel=1e-6)
        assert theory.best_rate(batch) == pytest.approx(best, rel=0.4)
    assert theory.best_rate(300) == pytest.approx(theory.signal / theory.curvature)
