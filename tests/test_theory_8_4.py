"""The theory behind lesson 8.4 against sampling, SciPy's integrals and distributions, and nets that are really wide."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, stats

from helpers import initializers
from helpers import theory_8_4 as theory
from helpers.data import load_digits
from helpers.networks import ACTIVATIONS, MLP

DRAWS = {
    "glorot": initializers.glorot_uniform,
    "fan_in": initializers.uniform_fan_in,
    "he": lambda shape, *, seed, gain: initializers.he_normal(shape, seed=seed, gain=gain * np.sqrt(2)),
    "orthogonal": initializers.orthogonal,
    "sparse": initializers.sparse,
    "constant": lambda shape, *, seed, gain: np.full(shape, gain / shape[-2]),
    "slip": lambda shape, *, seed, gain: gain * seed.uniform(-1, 1, shape) * 6 / np.sqrt(shape[-2] + shape[-1]),
}


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "linear"])
@pytest.mark.parametrize("q", [0.01, 0.7, 4.0, 60.0])
def test_gaussian_means_by_quadrature(activation, q):
    unit = ACTIVATIONS[activation]

    def value(z):
        return unit.function(np.array([z]))[0]

    def slope(z):
        return unit.derivative(np.array([z]), np.array([value(z)]))[0]

    def mean(f):
        integrand = lambda z: f(np.sqrt(q) * z) ** 2 * stats.norm.pdf(z)  # noqa: E731
        return sum(integrate.quad(integrand, a, b, limit=200)[0] for a, b in ((-12, 0), (0, 12)))

    value_mean, slope_mean = theory.mean_squares(activation, q)
    assert_allclose(value_mean, mean(value), rtol=1e-6)
    assert_allclose(slope_mean, mean(slope), rtol=1e-4)


def test_gaussian_means_keep_their_shape_and_limits():
    values, slopes = theory.mean_squares("tanh", np.array([[0.0, 1.0, 1e4]]))
    assert values.shape == slopes.shape == (1, 3)
    assert_allclose(values[0, 0], 0.0, atol=1e-15)
    assert_allclose(slopes[0, 0], 1.0)  # tanh'(0) = 1
    assert 0.95 < values[0, 2] <= 1
    for bad in (-1.0, np.nan):
        with pytest.raises(ValueError, match="^q: must be "):
            theory.mean_squares("tanh", bad)
    with pytest.raises(ValueError, match="^activation: must be "):
        theory.mean_squares("step", 1.0)


def test_fixed_points_and_the_edge():
    gains = np.array([0.5, 0.9, 1.2, 2.0, 3.0])
    q = theory.fixed_point("tanh", gains)
    assert_allclose(q[:2], 0.0)
    assert_allclose(gains[2:] ** 2 * theory.mean_squares("tanh", q[2:])[0], q[2:], rtol=1e-9)
    chi = theory.gradient_factor("tanh", gains)
    assert_allclose(chi[:2], gains[:2] ** 2, rtol=1e-9)  # at q = 0 the slope is 1
    assert np.all(chi[2:] > 1)
    assert_allclose(theory.fixed_point("relu", np.array([1.3, 1.5])), [0.0, np.inf])
    assert_allclose(theory.gradient_factor("relu", np.array([1.0, np.sqrt(2), 2.0])), [0.5, 1.0, 2.0])
    for activation, gain in theory.CRITICAL_GAIN.items():
        assert theory.gradient_factor(activation, 0.97 * gain) < 1 < theory.gradient_factor(activation, 1.1 * gain)


@pytest.mark.parametrize("scheme", ["glorot", "fan_in", "he", "orthogonal", "sparse", "slip"])
@pytest.mark.parametrize("shape", [(100, 100), (200, 30), (40, 120)], ids=str)
def test_weight_variance_is_that_of_the_initializers(scheme, shape):
    weights = DRAWS[scheme]((60, *shape), seed=np.random.default_rng(0), gain=1.3)
    assert_allclose(np.mean(weights**2), theory.weight_variance(scheme, *shape, 1.3), rtol=0.02)


def backward(net, theta, activations, delta):
    """Root mean squares of the back-propagated gradients of the hidden layers, over that of delta."""
    size, found = np.sqrt(np.mean(delta**2)), []
    for (weights, _), a in zip(net.unpack(theta)[:0:-1], activations[-2:0:-1], strict=True):
        delta = (delta @ weights.swapaxes(-1, -2)) * ACTIVATIONS[net.activation].derivative(a, a)
        found.append(np.sqrt(np.mean(delta**2)) / size)
    return np.array(found[::-1])


@pytest.mark.parametrize(
    ("activation", "gain"), [("tanh", 0.7), ("tanh", 1.4), ("relu", 1.4), ("sigmoid", 0.7), ("linear", 1.2)]
)
@pytest.mark.parametrize("scheme", ["glorot", "fan_in", "he", "orthogonal", "sparse", "lsuv", "constant"])
def test_signals_of_wide_nets_on_the_digits(activation, scheme, gain):
    """Six nets of 200 units and five hidden layers together; the outputs' gradients are drawn, not those of a cost."""
    inputs = load_digits().train_inputs[:80]
    net, random = MLP((64, *[200] * 5, 10), activation=activation), np.random.default_rng(3)
    if scheme == "lsuv":
        theta = np.stack([initializers.lsuv(net, inputs, seed=k, variance=gain**2) for k in range(6)])
    else:
        theta = np.zeros((6, net.num_parameters))
        for weights, _ in net.unpack(theta):
            weights[:] = DRAWS[scheme](weights.shape, seed=random, gain=gain)
    a = net.activations(theta, inputs)
    forward, back = theory.signals(scheme, gain, net.sizes, activation, inputs)
    exact = scheme == "constant"
    measured = [np.sqrt(np.mean(layer**2)) for layer in a[1:-1]]
    assert_allclose(measured, forward, rtol=1e-9 if exact else 0.25)
    if exact:
        softmax = np.exp(a[-1]) / np.exp(a[-1]).sum(axis=-1, keepdims=True)
        delta = softmax - np.eye(10)[load_digits().train_labels[:80]]
        assert_allclose(backward(net, theta, a, delta), 0.0, atol=1e-14)
        assert_allclose(back, 0.0)
    else:
        # LSUV scales the output layer by the variance over ten units only, by chance a half too large or too small.
        loose = 0.4 if scheme == "lsuv" else 0.25
        assert_allclose(backward(net, theta, a, random.normal(size=a[-1].shape)), back, rtol=loose)


def test_signals_survive_extremes_in_silence():
    inputs = load_digits().train_inputs[:20]
    with np.errstate(all="raise", under="ignore"):
        for scheme in ("constant", "lsuv", "fan_in", "slip"):
            for activation in ("linear", "relu", "tanh"):
                forward, back = theory.signals(scheme, 3.0, (64, *[8] * 50, 10), activation, inputs)
                assert forward.shape == back.shape == (50,)
                assert np.isfinite(forward).all() and np.isfinite(back).all()


def test_factor_per_layer():
    assert_allclose(theory.factor_per_layer([3.0, 6.0, 12.0]), 2.0)
    assert np.isnan(theory.factor_per_layer([3.0]))


def test_entropy_by_scipy():
    for shares in ([0.9, 0.09, 0.01], [0.25] * 4, [1.0, 0.0]):
        assert_allclose(theory.entropy(shares), stats.entropy(shares), atol=1e-15)
    assert_allclose(theory.entropy([0.9, 0.09, 0.01]), 0.358, atol=5e-4)
    for bad in ([0.5, 0.6], [1.5, -0.5]):
        with pytest.raises(ValueError, match="^shares: must be "):
            theory.entropy(bad)


@pytest.mark.parametrize("bias", [-0.7, 0.0, 0.1, 2.0])
def test_rectified_by_scipy(bias):
    q = np.array([0.2, 1.0, 5.0])
    active, square = theory.rectified(q, bias)
    assert_allclose(active, stats.norm.cdf(bias / np.sqrt(q)), rtol=1e-12)
    for variance, found in zip(q, square, strict=True):
        density = stats.norm(bias, np.sqrt(variance)).pdf
        expected = integrate.quad(lambda z, density=density: z**2 * density(z), 0, bias + 15 * np.sqrt(variance))[0]
        assert_allclose(found, expected, rtol=1e-6)


def test_active_shares_of_wide_nets():
    inputs, sizes = load_digits().train_inputs[:60], (64, *[300] * 4, 10)
    net = MLP(sizes, activation="relu")
    theta = np.stack([net.initial(seed, "he") for seed in range(5)])
    for _, biases in net.unpack(theta)[:-1]:
        biases[:] = 0.3
    measured = [np.mean(a > 0) for a in net.activations(theta, inputs)[1:-1]]
    assert_allclose(theory.active_shares(sizes, np.sqrt(2), 0.3, inputs), measured, atol=0.02)


def test_gradient_descent_and_prior_on_a_quadratic():
    curvatures, start, rate = np.array([0.0, 0.05, 1.0, 3.0]), np.array([1.0, -2.0, 3.0, 0.5]), 0.2
    theta = start
    for _ in range(17):
        theta = theta - rate * curvatures * theta
    assert_allclose(theory.gradient_descent_keeps(curvatures, rate, 17) * start, theta, rtol=1e-12)
    # The minimum of ½ Σ λθ² + ½ p ‖θ − start‖² has (λ + p) θ = p start.
    kept = theory.prior_keeps(curvatures, 0.4) * start
    assert_allclose((curvatures + 0.4) * kept, 0.4 * start, rtol=1e-12)
