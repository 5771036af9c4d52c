"""The initializers: PyTorch's gains and statistics, the theory of each rule, orthogonality, LSUV, seeds, bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from helpers import initializers
from helpers.data import load_digits
from helpers.networks import MLP

REFERENCE = json.loads((Path(__file__).parent / "reference" / "initializers.json").read_text(encoding="utf-8"))
RULES = ("glorot_uniform", "uniform_fan_in", "he_normal", "orthogonal", "sparse")
FACTORS = {  # sqrt(m Var W), what a linear layer multiplies the standard deviation by, for m inputs and n units
    "glorot_uniform": lambda m, n: np.sqrt(2 * m / (m + n)),
    "uniform_fan_in": lambda m, n: np.sqrt(1 / 3),
    "he_normal": lambda m, n: np.sqrt(2),
    "orthogonal": lambda m, n: np.sqrt(m / max(m, n)),
    "sparse": lambda m, n: 1.0,
}


def draw(rule, shape, seed=0, **options):
    return getattr(initializers, rule)(shape, seed=seed, **options)


def kurtosis(weights):
    return np.mean(weights**4) / np.mean(weights**2) ** 2


def case_name(case):
    return f"{case['rule']}-{case['shape'][0]}x{case['shape'][1]}-{case['gain']}"


def test_gains_are_those_of_torch():
    assert initializers.GAIN.keys() == REFERENCE["gains"].keys()
    for name, gain in REFERENCE["gains"].items():
        assert_allclose(initializers.GAIN[name], gain, rtol=1e-15)


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=case_name)
def test_statistics_are_those_of_torch(case):
    options = {"num_nonzero": 5} if case["rule"] == "sparse" else {}
    weights = draw(case["rule"], (200, *case["shape"]), gain=case["gain"], **options)
    # A standard deviation from N numbers is off by about 1/sqrt(2N): half a percent or less; PyTorch's likewise.
    assert_allclose(weights.std(), case["std"], rtol=0.015)
    assert_allclose(kurtosis(weights), case["kurtosis"], rtol=0.06)
    assert (weights != 0).sum(axis=-2).mean() == case["nonzero_per_unit"]
    if case["rule"] in ("glorot_uniform", "uniform_fan_in"):
        assert_allclose(np.abs(weights).max() / weights.std(), case["range"], rtol=0.01)
    if case["rule"] == "orthogonal":
        values = np.linalg.svd(weights, compute_uv=False)
        assert_allclose(values.min(), case["singular_values"][0], rtol=1e-12)
        assert_allclose(values.max(), case["singular_values"][1], rtol=1e-12)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("shape", [(256, 256), (300, 50), (40, 160)], ids=str)
@pytest.mark.parametrize("gain", [0.4, 1.0, 3.0])
def test_the_factor_on_the_standard_deviation(rule, shape, gain):
    """The docstrings' mean square of z, on random inputs; he_normal's own gain is sqrt(2) unless told otherwise."""
    inputs = np.random.default_rng(1).normal(size=(2000, shape[0]))
    weights = draw(rule, (8, *shape), gain=gain)
    factor = FACTORS[rule](*shape) / (np.sqrt(2) if rule == "he_normal" else 1)
    assert_allclose((inputs @ weights).std(), gain * factor, rtol=0.02)


def test_he_keeps_the_mean_square_through_a_rectifier():
    weights = initializers.he_normal((20, 256, 256), seed=0)
    a = np.abs(np.random.default_rng(0).normal(size=(20, 500, 256)))
    z = a @ weights
    assert_allclose(np.mean(np.maximum(z, 0) ** 2), np.mean(a**2), rtol=0.02)


@pytest.mark.parametrize("rule", ("glorot_uniform", "uniform_fan_in"))
def test_uniform_by_kolmogorov_and_smirnov(rule):
    weights = draw(rule, (150, 100), seed=3)
    limit = {"glorot_uniform": np.sqrt(6 / 250), "uniform_fan_in": 1 / np.sqrt(150)}[rule]
    assert np.abs(weights).max() <= limit
    assert stats.kstest(weights.ravel(), stats.uniform(-limit, 2 * limit).cdf).pvalue > 0.01


def test_normal_by_kolmogorov_and_smirnov():
    weights = initializers.he_normal((150, 100), seed=4)
    assert stats.kstest(weights.ravel(), stats.norm(0, np.sqrt(2 / 150)).cdf).pvalue > 0.01


@pytest.mark.parametrize("shape", [(30, 30), (50, 20), (20, 50), (1, 7), (7, 1), (3, 4, 20, 30)], ids=str)
def test_orthogonal(shape):
    weights = initializers.orthogonal(shape, seed=0, gain=1.5)
    assert weights.shape == shape
    m, n = shape[-2:]
    transposed = weights.swapaxes(-1, -2)
    gram = transposed @ weights if m >= n else weights @ transposed
    assert_allclose(gram, np.broadcast_to(1.5**2 * np.eye(min(m, n)), gram.shape), atol=1e-13)


def test_orthogonal_is_uniform_over_the_rotations():
    """The first column is uniform on the sphere, the trace has variance 1 and the determinant is ±1 equally often.

    Without the correction of the signs, LAPACK's Q has a diagonal that is never positive: the trace would tell.
    """
    q = initializers.orthogonal((20_000, 3, 3), seed=2)
    assert stats.kstest(q[:, 0, 0], stats.uniform(-1, 2).cdf).pvalue > 0.01  # Archimedes: uniform in three dimensions
    trace = np.trace(q, axis1=1, axis2=2)
    assert abs(trace.mean()) < 0.03 and abs(trace.var() - 1) < 0.05
    assert abs(np.mean(np.linalg.det(q) > 0) - 0.5) < 0.015


def test_sparse_by_scipy_and_by_count():
    weights = initializers.sparse((200, 4000), seed=1, num_nonzero=15, gain=2.0)
    assert_array_equal((weights != 0).sum(axis=0), 15)
    assert stats.kstest(weights[weights != 0], stats.norm(0, 2 / np.sqrt(15)).cdf).pvalue > 0.01
    per_input = (weights != 0).sum(axis=1)  # hypergeometric: every input is chosen with probability 15/200
    assert stats.kstest(per_input, stats.norm(300, np.sqrt(4000 * 0.075 * 0.925)).cdf).pvalue > 0.01
    assert_array_equal((initializers.sparse((10, 5), seed=0) != 0).sum(axis=0), 10)  # fewer inputs than k: all of them


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "linear"])
@pytest.mark.parametrize("depth", [1, 6, 30])
def test_lsuv_reaches_unit_variance_in_every_layer_on_the_digits(activation, depth):
    digits = load_digits()
    network = MLP((64, *[40] * depth, 10), activation=activation)
    batch = digits.train_inputs[:128]
    theta = initializers.lsuv(network, batch, seed=0)
    a = network.activations(theta, batch)
    for index, (weights, biases) in enumerate(network.unpack(theta)):
        assert_allclose(np.var(a[index] @ weights), 1.0, rtol=1e-9)
        assert_array_equal(biases, 0.0)
        values = np.linalg.svd(weights, compute_uv=False)
        assert_allclose(values, values[0], rtol=1e-9)  # rescaled, but still orthogonal
    if depth <= 6:  # and on digits it was not fixed on
        a = network.activations(theta, digits.test_inputs)
        for index, (weights, _) in enumerate(network.unpack(theta)):
            assert_allclose(np.var(a[index] @ weights), 1.0, rtol=0.2)


def test_lsuv_takes_a_variance_and_leaves_what_does_not_vary():
    network = MLP((3, 4, 2), activation="relu")
    theta = initializers.lsuv(network, np.random.default_rng(0).normal(size=(50, 3)), seed=0, variance=0.25)
    assert np.isfinite(theta).all()
    dead = initializers.lsuv(network, np.zeros((5, 3)), seed=1)
    for weights, _ in network.unpack(dead):
        assert_allclose(np.linalg.svd(weights, compute_uv=False), 1.0, rtol=1e-12)
    z = np.random.default_rng(0).normal(size=(50, 3)) @ network.unpack(theta)[0][0]
    assert_allclose(z.var(), 0.25, rtol=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_seeds(rule):
    shape = (20, 30)
    assert_array_equal(draw(rule, shape, seed=5), draw(rule, shape, seed=5))
    assert not np.array_equal(draw(rule, shape, seed=5), draw(rule, shape, seed=6))
    random = np.random.default_rng(5)
    first, second = draw(rule, shape, seed=random), draw(rule, shape, seed=random)
    assert_array_equal(first, draw(rule, shape, seed=5))
    assert not np.array_equal(first, second), "a generator goes on, layers differ"
    batch = draw(rule, (3, *shape), seed=5)
    assert not np.array_equal(batch[0], batch[1]), "leading axes are independent"
    assert first.dtype == np.float64 and first.flags.writeable


def test_lsuv_seeds():
    network, batch = MLP((8, 6, 3)), np.random.default_rng(0).normal(size=(20, 8))
    assert_array_equal(initializers.lsuv(network, batch, seed=1), initializers.lsuv(network, batch, seed=1))
    assert not np.array_equal(initializers.lsuv(network, batch, seed=1), initializers.lsuv(network, batch, seed=2))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"shape": 5}, "shape"),
        ({"shape": (5,)}, "shape"),
        ({"shape": "ab"}, "shape"),
        ({"shape": (0, 3)}, r"shape\[0\]"),
        ({"shape": (2, 3.0)}, r"shape\[1\]"),
        ({"seed": -1}, "seed"),
        ({"seed": None}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"gain": -1.0}, "gain"),
        ({"gain": np.nan}, "gain"),
        ({"gain": "large"}, "gain"),
    ],
)
def test_bad_input_is_refused_by_name(rule, arguments, name):
    with pytest.raises(ValueError, match=f"^{name}: must be "):
        getattr(initializers, rule)(**{"shape": (4, 3), "seed": 0, **arguments})


def test_bad_input_of_sparse_and_lsuv():
    for number in (0, -3, 2.5, "all"):
        with pytest.raises(ValueError, match="^num_nonzero: must be "):
            initializers.sparse((4, 3), seed=0, num_nonzero=number)
    network, batch = MLP((4, 3, 2)), np.ones((5, 4))
    for arguments, name in (
        (("net", batch), "network"), ((network, batch[:, :3]), "inputs"), ((network, np.ones(4)), "inputs"),
        ((network, batch * np.nan), "inputs"), ((network, np.ones((0, 4))), "inputs"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name}: must be "):
            initializers.lsuv(*arguments, seed=0)
    for options, name in (({"seed": -2}, "seed"), ({"seed": 0, "variance": 0}, "variance")):
        with pytest.raises(ValueError, match=f"^{name}: must be "):
            initializers.lsuv(network, batch, **options)


def test_gain_zero_gives_zeros_and_a_large_one_stays_finite():
    for rule in RULES:
        assert_array_equal(draw(rule, (6, 4), gain=0), 0.0)
        assert np.isfinite(draw(rule, (6, 4), gain=1e100)).all()
