"""Batch normalization: values and gradients against finite differences, PyTorch and what theory says of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import optimizers
from helpers.batch_normalization import (
    BatchNormCost,
    BatchNormMLP,
    Statistics,
    batch_statistics,
    normalize,
    normalize_gradient,
)
from helpers.descent import descend
from helpers.networks import MLP, TrainingCost

REFERENCE = json.loads((Path(__file__).parent / "reference" / "batch_norm.json").read_text())
UNITS = ["relu", "tanh", "sigmoid", "linear"]


def problem(activation="tanh", sizes=(5, 4, 6, 3), num_examples=7, seed=0, **options):
    """A network with random γ and β, inputs and labels."""
    random = np.random.default_rng(seed)
    network = BatchNormMLP(sizes, activation, **options)
    theta = random.normal(0.0, 0.7, network.dimension)
    return network, theta, random.normal(size=(num_examples, sizes[0])), random.integers(0, sizes[-1], num_examples)


def central_differences(function, theta, step=1e-5):
    steps = step * np.eye(len(theta))
    return np.array([(function(theta + s) - function(theta - s)) / (2 * step) for s in steps])


# ---- The layer ----


def test_normalize_by_hand():
    z = np.array([[1.0, 0.0], [3.0, 0.0], [5.0, 6.0], [7.0, 6.0]])
    assert_array_equal(batch_statistics(z).mean, [4, 3])
    assert_array_equal(batch_statistics(z).variance, [5, 9])
    assert_allclose(normalize(z, delta=4.0)[:, 0], [-1, -1 / 3, 1 / 3, 1])
    assert_allclose(normalize(z, delta=0)[:, 1], [-1, -1, 1, 1])
    assert_allclose(normalize(z, Statistics([1.0, 2.0], [4.0, 1.0]), delta=0), (z - [1, 2]) / [2, 1])


def test_a_batch_of_one_keeps_nothing_and_two_keep_a_sign():
    assert_array_equal(normalize([[3.0, -8.0]]), [[0, 0]])
    assert_allclose(normalize([[3.0, -8.0], [4.0, 100.0]], delta=0), [[-1, -1], [1, 1]])


@pytest.mark.parametrize("leading", [(), (2, 3)])
def test_gradient_of_normalize_against_differences(leading):
    random = np.random.default_rng(1)
    z, d = random.normal(size=(2, *leading, 5, 3))
    expected, step = np.empty_like(z), 1e-6
    for index in np.ndindex(z.shape):
        bump = np.zeros_like(z)
        bump[index] = step
        expected[index] = np.sum(d * (normalize(z + bump, delta=0.1) - normalize(z - bump, delta=0.1))) / (2 * step)
    assert_allclose(normalize_gradient(z, d, delta=0.1), expected, rtol=1e-7, atol=1e-9)
    held = normalize_gradient(z, d, delta=0.1, through_statistics=False)
    fixed = batch_statistics(z)
    assert_allclose(held, d / np.sqrt(fixed.variance + 0.1)[..., None, :], rtol=1e-13)
    assert np.abs(held - expected).max() > 0.1


def test_gradient_is_blind_to_shift_and_scale():
    z, d = np.random.default_rng(2).normal(size=(2, 9, 4))
    g = normalize_gradient(z, d, delta=0)
    assert_allclose(g.sum(axis=0), 0, atol=1e-12)
    assert_allclose((g * z).sum(axis=0), 0, atol=1e-12)


# ---- The network ----


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: case["activation"])
def test_against_pytorch(case):
    assert REFERENCE["torch"].startswith("2.13")
    network = BatchNormMLP(case["sizes"], case["activation"], delta=case["delta"])
    theta, inputs, labels = np.array(case["theta"]), np.array(case["inputs"]), np.array(case["labels"])
    assert network.num_parameters == len(theta)
    assert_allclose(network.logits(theta, inputs), case["logits"], rtol=1e-11, atol=1e-13)
    assert_allclose(network.loss(theta, inputs, labels), case["loss"], rtol=1e-12)
    assert_allclose(network.gradient(theta, inputs, labels), case["gradient"], rtol=1e-9, atol=1e-12)
    tested = network.logits(theta, inputs, [Statistics(*map(np.array, each)) for each in case["statistics"]])
    assert_allclose(tested, case["logits_at_test_time"], rtol=1e-11, atol=1e-13)
    n = len(inputs)
    for ours, (mean, variance) in zip(network.statistics(theta, inputs), case["running"], strict=True):
        assert_allclose(0.1 * ours.mean, mean, rtol=1e-11, atol=1e-14)
        assert_allclose(0.9 + 0.1 * n / (n - 1) * ours.variance, variance, rtol=1e-11)


@pytest.mark.parametrize("activation", UNITS)
def test_gradient_against_finite_differences(activation):
    network, theta, inputs, labels = problem(activation, delta=1e-2, seed=4)
    expected = central_differences(lambda t: network.loss(t, inputs, labels), theta)
    assert_allclose(network.gradient(theta, inputs, labels), expected, rtol=1e-6, atol=1e-8)
    loss, gradient = network.loss_and_gradient(theta, inputs, labels)
    assert_allclose(loss, network.loss(theta, inputs, labels), rtol=1e-13)
    assert_array_equal(gradient, network.gradient(theta, inputs, labels))


def test_constant_statistics_are_the_gradient_of_the_net_at_test_time():
    """With the batch's own statistics frozen, the gradient is that of the net that uses them as fixed numbers."""
    network, theta, inputs, labels = problem(through_statistics=False)
    frozen = network.statistics(theta, inputs)
    expected = central_differences(lambda t: network.loss(t, inputs, labels, frozen), theta)
    assert_allclose(network.gradient(theta, inputs, labels), expected, rtol=1e-6, atol=1e-9)
    honest = BatchNormMLP(network.sizes, network.activation).gradient(theta, inputs, labels)
    assert np.linalg.norm(honest - expected) > 0.1 * np.linalg.norm(honest)


def test_hessian_vector_product_against_differences():
    network, theta, inputs, labels = problem(delta=1e-2)
    hessian = network.hessian_vector_product(theta, np.eye(len(theta)), inputs, labels)
    expected = central_differences(lambda t: network.gradient(t, inputs, labels), theta)
    assert_allclose(hessian, expected, rtol=1e-5, atol=1e-7)
    assert_allclose(hessian, hessian.T, atol=1e-7 * np.abs(hessian).max())
    assert_array_equal(network.hessian_vector_product(theta, 0 * theta, inputs, labels), 0)


@pytest.mark.parametrize("layer", [0, 1])
def test_only_the_direction_of_the_weights_counts(layer):
    network, theta, inputs, labels = problem(delta=0.0)
    larger = theta.copy()
    network.unpack(larger)[layer][0][:] *= 7
    assert_allclose(network.loss(larger, inputs, labels), network.loss(theta, inputs, labels), rtol=1e-12)
    g, g_larger = [network.unpack(network.gradient(t, inputs, labels))[layer][0] for t in (theta, larger)]
    assert_allclose(g_larger, g / 7, rtol=1e-8, atol=1e-14)
    assert abs(np.sum(network.unpack(theta)[layer][0] * g)) < 1e-12 * np.linalg.norm(g)


def test_gamma_and_beta_give_the_plain_net_back():
    """γ = σ and β = μ + b undo the normalization: the function is that of an MLP with the same weights."""
    plain = MLP((5, 4, 6, 3), "tanh")
    theta = np.random.default_rng(3).normal(size=plain.dimension)
    network = BatchNormMLP(plain.sizes, "tanh", delta=1e-3)
    twin, inputs = np.zeros(network.dimension), np.random.default_rng(4).normal(size=(9, 5))
    values = plain.activations(theta, inputs)
    for index, (weights, biases) in enumerate(plain.unpack(theta)):
        parts = network.unpack(twin)[index]
        parts[0][:] = weights
        if index == 2:
            parts[1][:] = biases
        else:
            known = batch_statistics(values[index] @ weights)
            parts[1][:], parts[2][:] = np.sqrt(known.variance + 1e-3), known.mean + biases
    assert_allclose(network.logits(twin, inputs), plain.logits(theta, inputs), rtol=1e-11)


def test_initial_weights_are_those_of_the_plain_net():
    network, plain = BatchNormMLP((6, 5, 4, 3), "relu"), MLP((6, 5, 4, 3), "relu")
    ours, theirs = network.unpack(network.initial(2)), plain.unpack(plain.initial(2))
    for layer, expected in zip(ours, theirs, strict=True):
        assert_array_equal(layer[0], expected[0])
    for _, gamma, beta in ours[:-1]:
        assert_array_equal(gamma, 1)
        assert_array_equal(beta, 0)


def test_a_single_example_is_answered_from_beta_alone():
    network, theta, inputs, _ = problem()
    answers = np.array([network.logits(theta, row[None])[0] for row in inputs])
    assert_allclose(answers, np.tile(answers[:1], (len(inputs), 1)), rtol=1e-13)
    gradient = network.unpack(network.gradient(theta, inputs[:1], np.array([0])))
    assert all(not weights.any() for weights, _, _ in gradient[:-1])
    assert gradient[-1][0].any()


@pytest.mark.parametrize("num_examples", [9, 300])
def test_batched_is_one_by_one(num_examples):
    network, _, inputs, labels = problem(num_examples=num_examples)
    theta = np.random.default_rng(5).normal(size=(2, 3, network.dimension))
    for index in np.ndindex(2, 3):
        for method in (network.loss, network.gradient, network.accuracy):
            expected = method(theta[index], inputs, labels)
            assert_allclose(method(theta, inputs, labels)[index], expected, rtol=1e-11, atol=1e-14)


def test_accuracy_is_the_share_of_the_largest_logits():
    network, theta, inputs, labels = problem(num_examples=40)
    assert network.accuracy(theta, inputs, labels) == np.mean(network.logits(theta, inputs).argmax(axis=1) == labels)
    assert np.isnan(network.accuracy(np.full_like(theta, np.nan), inputs, labels))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200, 1e308])
def test_a_diverged_network_is_silent(value):
    network, theta, inputs, labels = problem()
    both = np.stack([theta, np.full_like(theta, value)])
    assert_allclose(network.loss(both, inputs, labels)[0], network.loss(theta, inputs, labels), rtol=1e-12)
    assert_allclose(network.gradient(both, inputs, labels)[0], network.gradient(theta, inputs, labels), rtol=1e-10)
    if not np.isfinite(value):
        assert np.isnan(network.loss(both, inputs, labels)[1])


# ---- The training cost ----


def test_moving_statistics_follow_the_minibatches():
    network, theta, inputs, labels = problem(num_examples=30)
    cost = BatchNormCost(network, inputs, labels, batch_size=10, seed=3, rho=0.8)
    plain = TrainingCost(network, inputs, labels, batch_size=10, seed=3)
    assert cost.moving_statistics is None
    expected = None
    for _ in range(4):
        chosen = next(plain._minibatches)
        assert_array_equal(cost.gradient(theta), network.gradient(theta, inputs[chosen], labels[chosen]))
        batch = [np.stack(each) for each in network.statistics(theta, inputs[chosen])]
        old = batch if expected is None else expected
        expected = [0.8 * a + 0.2 * b for a, b in zip(old, batch, strict=True)]
    for ours, target in zip(cost.moving_statistics, expected, strict=True):
        assert_allclose(np.stack(ours), target, rtol=1e-12)
    assert cost.loss(theta) == network.loss(theta, inputs, labels)


def test_it_trains():
    network, theta, inputs, _ = problem(num_examples=30)
    labels = inputs[:, :3].argmax(axis=1)
    run = descend(optimizers.sgd, BatchNormCost(network, inputs, labels, 10), theta, 200, learning_rate=0.3)
    assert run.loss[-1] < 0.2 * run.loss[0]


# ---- Bad input ----


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("delta", lambda: BatchNormMLP((2, 3, 2), delta=-1.0)),
        ("through_statistics", lambda: BatchNormMLP((2, 3, 2), through_statistics=1)),
        ("sizes", lambda: BatchNormMLP((2,))),
        ("network", lambda: BatchNormCost(MLP((5, 3)), np.zeros((4, 5)), np.zeros(4, int), 2)),
        ("rho", lambda: BatchNormCost(BatchNormMLP((5, 3)), np.zeros((4, 5)), np.zeros(4, int), 2, rho=1.0)),
        ("statistics", lambda: BatchNormMLP((2, 3, 2)).logits(np.zeros(20), [[1.0, 2.0]], [])),
        ("statistics", lambda: BatchNormMLP((2, 3, 2)).logits(np.zeros(20), [[1.0, 2.0]], [(np.ones(2), np.ones(3))])),
        ("statistics", lambda: normalize([[1.0, 2.0]], 3.0)),
        ("theta", lambda: BatchNormMLP((2, 3, 2)).loss(np.zeros(19), [[1.0, 2.0]], [0])),
        ("z", lambda: normalize([1.0, 2.0])),
        ("z", lambda: batch_statistics(np.zeros((0, 3)))),
        ("delta", lambda: normalize([[1.0]], delta=-1)),
        ("normalized_gradient", lambda: normalize_gradient(np.ones((3, 2)), np.ones((2, 2)))),
    ],
)
def test_bad_input_is_refused_by_name(name, call):
    with pytest.raises(ValueError, match=rf"^{name}"):
        call()
