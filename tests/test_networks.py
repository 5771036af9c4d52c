"""The network: its values and its derivatives against finite differences, PyTorch and theory."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.data import load_digits
from helpers.networks import ACTIVATIONS, MLP, Activation

REFERENCE = json.loads((Path(__file__).parent / "reference" / "network.json").read_text())
UNITS = ["relu", "tanh", "sigmoid", "linear"]
SHAPES = {0: (5, 3), 1: (5, 4, 3), 2: (5, 4, 6, 3), 3: (5, 4, 6, 4, 3)}  # by the number of hidden layers


def problem(activation="tanh", depth=1, num_examples=7, seed=0):
    """A network, parameters, inputs and labels; where there is a kink, none of the units is near it."""
    random = np.random.default_rng(seed)
    network = MLP(SHAPES[depth], activation)
    theta = random.normal(0.0, 0.7, network.dimension)
    inputs = random.normal(size=(num_examples, 5))
    labels = random.integers(0, 3, num_examples)
    if activation == "relu":
        pre_activations = network._forward(theta, inputs)[0][:-1]
        assert all(np.abs(z).min() > 2e-3 for z in pre_activations), "a unit is near its kink: choose another seed"
        assert all((z > 0).any() and (z < 0).any() for z in pre_activations), "the kink does not matter: another seed"
    return network, theta, inputs, labels


def central_differences(function, theta, step=1e-5):
    """Derivatives of function at theta in every direction e_i, along the first axis."""
    steps = step * np.eye(len(theta))
    return np.array([(function(theta + s) - function(theta - s)) / (2 * step) for s in steps])


# ---- The units ----


@pytest.mark.parametrize("name", UNITS)
def test_derivatives_of_the_units(name):
    unit, step = ACTIVATIONS[name], 1e-5
    z = np.array([-30.0, -4.0, -1.1, -0.3, 0.2, 0.9, 3.0, 30.0])

    def first(x):
        return unit.derivative(x, unit.function(x))

    slope = (unit.function(z + step) - unit.function(z - step)) / (2 * step)
    curvature = (first(z + step) - first(z - step)) / (2 * step)
    assert_allclose(first(z), slope, rtol=1e-8, atol=1e-9)
    assert_allclose(unit.second_derivative(z, unit.function(z)), curvature, rtol=1e-8, atol=1e-9)


def test_sigmoid_is_exact_in_both_tails():
    sigmoid = ACTIVATIONS["sigmoid"].function
    z = np.array([-1000.0, -700.0, -40.0, 0.0, 40.0, 1000.0])
    assert_allclose(sigmoid(z), [0.0, np.exp(-700.0), np.exp(-40.0), 0.5, 1.0, 1.0], rtol=1e-15)
    assert_allclose(sigmoid(np.array([1.7])), 1 / (1 + np.exp(-1.7)), rtol=1e-15)


def test_another_unit_can_be_added(monkeypatch):
    softplus = Activation(
        function=lambda z: np.logaddexp(0.0, z),
        derivative=lambda z, a: 1.0 / (1.0 + np.exp(-z)),
        second_derivative=lambda z, a: np.exp(-z) / (1.0 + np.exp(-z)) ** 2,
    )
    monkeypatch.setitem(ACTIVATIONS, "softplus", softplus)
    network, theta, inputs, labels = problem("softplus", depth=2)
    expected = central_differences(lambda t: network.gradient(t, inputs, labels), theta)
    hessian = network.hessian_vector_product(theta, np.eye(len(theta)), inputs, labels)
    assert_allclose(hessian, expected, rtol=1e-6, atol=1e-9)


# ---- Parameters: one flat vector ----


@pytest.mark.parametrize(("sizes", "n"), [((64, 32, 10), 2410), ((64, 10), 650), ((2, 3, 3, 2), 29), ([1, 2], 4)])
def test_number_of_parameters(sizes, n):
    network = MLP(sizes)
    assert network.num_parameters == network.dimension == n
    assert network.initial(0).shape == (n,)
    assert network == MLP(tuple(sizes)) and hash(network) == hash(MLP(tuple(sizes)))


@pytest.mark.parametrize("leading", [(), (4,), (2, 3)])
def test_flat_packing_round_trip(leading):
    network = MLP((2, 3, 4))
    theta = np.random.default_rng(0).normal(size=(*leading, network.dimension))
    layers = network.unpack(theta)
    assert [w.shape for w, _ in layers] == [(*leading, 2, 3), (*leading, 3, 4)]
    assert [b.shape for _, b in layers] == [(*leading, 3), (*leading, 4)]
    packed = np.concatenate([part.reshape(*leading, -1) for layer in layers for part in layer], axis=-1)
    assert_array_equal(packed, theta)


def test_layout_of_theta():
    (weights_1, biases_1), (weights_2, biases_2) = MLP((2, 3, 2)).unpack(np.arange(17.0))
    assert_array_equal(weights_1, [[0, 1, 2], [3, 4, 5]])
    assert_array_equal(biases_1, [6, 7, 8])
    assert_array_equal(weights_2, [[9, 10], [11, 12], [13, 14]])
    assert_array_equal(biases_2, [15, 16])
    assert MLP((2, 3, 2)).unpack(list(range(17)))[0][0].dtype == np.float64


def test_unpacked_layers_are_views():
    network = MLP((2, 3, 2))
    theta = np.zeros((5, network.dimension))
    for weights, biases in network.unpack(theta):
        weights += 1.0
        biases += 2.0
    assert_array_equal(theta[3], [1.0] * 6 + [2.0] * 3 + [1.0] * 6 + [2.0] * 2)


def test_initial_glorot_and_he():
    for activation, auto in (("tanh", "glorot"), ("sigmoid", "glorot"), ("linear", "glorot"), ("relu", "he")):
        network = MLP((300, 200, 50), activation)
        assert_array_equal(network.initial(3), network.initial(3, scale=auto))
    glorot, he = network.initial(1, scale="glorot"), network.initial(1, scale="he")
    for layer, (fan_in, fan_out) in enumerate([(300, 200), (200, 50)]):
        weights, biases = network.unpack(glorot)[layer]
        limit = np.sqrt(6 / (fan_in + fan_out))
        assert 0.999 * limit < np.abs(weights).max() <= limit
        assert_allclose(weights.std(), np.sqrt(2 / (fan_in + fan_out)), rtol=0.02)
        assert not biases.any()
        weights, biases = network.unpack(he)[layer]
        assert_allclose(weights.std(), np.sqrt(2 / fan_in), rtol=0.02)
        assert np.abs(weights).max() > 3 * np.sqrt(2 / fan_in)  # normal, not uniform
        assert not biases.any()
    assert_array_equal(network.initial(1), network.initial(1))
    assert not np.array_equal(network.initial(1), network.initial(2))


# ---- Values ----


def test_loss_by_hand():
    # One input, two classes, no hidden layer: weights (1, 3), biases (0.5, -0.5), x = 2 gives the logits 2.5 and 5.5.
    network, theta = MLP((1, 2)), np.array([1.0, 3.0, 0.5, -0.5])
    assert_allclose(network.logits(theta, [[2.0]]), [[2.5, 5.5]])
    assert_allclose(network.loss(theta, [[2.0]], [0]), np.log(1 + np.exp(3.0)))
    assert_allclose(network.loss(theta, [[2.0]], [1]), np.log(1 + np.exp(-3.0)))
    assert_allclose(network.loss(theta, [[2.0], [2.0]], [0, 1]), np.log(1 + np.exp(3.0)) - 1.5)
    p = 1 / (1 + np.exp(3.0))
    assert_allclose(network.gradient(theta, [[2.0]], [0]), [2 * (p - 1), 2 * (1 - p), p - 1, 1 - p])


@pytest.mark.parametrize("activation", UNITS)
def test_loss_is_log_of_the_number_of_classes_at_zero_weights(activation):
    digits, network = load_digits(), MLP((64, 32, 10), activation)
    theta = np.zeros(network.dimension)
    assert_allclose(network.loss(theta, digits.train_inputs, digits.train_labels), np.log(10), rtol=1e-14)


def test_activations_are_the_values_of_every_layer():
    network, theta, inputs, _ = problem("sigmoid", depth=2)
    layers, values = network.unpack(theta), network.activations(theta, inputs)
    assert [value.shape for value in values] == [(7, size) for size in network.sizes]
    assert_array_equal(values[0], inputs)
    for (weights, biases), below, above in list(zip(layers, values, values[1:], strict=False))[:-1]:
        assert_allclose(above, 1 / (1 + np.exp(-(below @ weights + biases))), rtol=1e-13)
    assert_allclose(values[-1], values[-2] @ layers[-1][0] + layers[-1][1])  # the logits: no unit after the last layer
    assert_array_equal(network.logits(theta, inputs), values[-1])


def test_huge_logits_do_not_overflow():
    network = MLP((1, 3))
    theta = np.array([1e5, 0.0, -1e5, 0.0, 0.0, 0.0])
    assert network.loss(theta, [[1.0]], [0]) == 0.0
    assert network.loss(theta, [[1.0]], [2]) == 2e5
    assert_array_equal(network.gradient(theta, [[1.0]], [2]), [1, 0, -1, 1, 0, -1])


def test_accuracy_counts():
    network, theta = MLP((1, 2)), np.array([0.0, 1.0, 0.0, 0.0])  # class 1 exactly where the input is positive
    inputs = [[-1.0], [-2.0], [3.0], [4.0], [5.0]]
    assert network.accuracy(theta, inputs, [0, 0, 1, 1, 1]) == 1.0
    assert network.accuracy(theta, inputs, [0, 1, 1, 1, 0]) == 0.6
    assert_array_equal(network.accuracy(np.stack([theta, -theta]), inputs, [0, 0, 1, 1, 1]), [1.0, 0.0])


# ---- Derivatives ----


@pytest.mark.parametrize("depth", SHAPES)
@pytest.mark.parametrize("activation", UNITS)
def test_gradient_against_finite_differences(activation, depth):
    network, theta, inputs, labels = problem(activation, depth)
    expected = central_differences(lambda t: network.loss(t, inputs, labels), theta)
    assert_allclose(network.gradient(theta, inputs, labels), expected, rtol=1e-6, atol=1e-9)
    loss, gradient = network.loss_and_gradient(theta, inputs, labels)
    assert loss == network.loss(theta, inputs, labels)
    assert_array_equal(gradient, network.gradient(theta, inputs, labels))


@pytest.mark.parametrize("depth", SHAPES)
@pytest.mark.parametrize("activation", UNITS)
def test_hessian_vector_product_against_finite_differences(activation, depth):
    network, theta, inputs, labels = problem(activation, depth)
    expected = central_differences(lambda t: network.gradient(t, inputs, labels), theta)
    # The identity as the vectors gives the rows of the Hessian, which must also be symmetric, and linear in v.
    hessian = network.hessian_vector_product(theta, np.eye(len(theta)), inputs, labels)
    assert np.abs(hessian).max() > 0.05
    assert_allclose(hessian, expected, rtol=1e-6, atol=1e-9)
    assert_allclose(hessian, hessian.T, rtol=0, atol=1e-14 * np.abs(hessian).max())
    vector = np.random.default_rng(1).normal(size=len(theta))
    product = network.hessian_vector_product(theta, vector, inputs, labels)
    assert_allclose(product, hessian @ vector, rtol=1e-12, atol=1e-14)


def test_softmax_regression_is_convex():
    network, theta, inputs, labels = problem(depth=0)
    hessian = network.hessian_vector_product(theta, np.eye(len(theta)), inputs, labels)
    eigenvalues = np.linalg.eigvalsh(hessian)
    assert eigenvalues.min() > -1e-15
    # Adding one number to all logits changes nothing: 6 flat directions, one for each input and one for the bias.
    assert (eigenvalues < 1e-12).sum() == 6


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: case["activation"])
def test_against_pytorch(case):
    assert REFERENCE["torch"].startswith("2.13")
    network = MLP(case["sizes"], case["activation"])
    theta, inputs, labels = case["theta"], case["inputs"], case["labels"]
    assert_allclose(network.logits(theta, inputs), case["logits"], rtol=1e-12, atol=1e-14)
    assert_allclose(network.loss(theta, inputs, labels), case["loss"], rtol=1e-13)
    assert_allclose(network.gradient(theta, inputs, labels), case["gradient"], rtol=1e-11, atol=1e-14)
    product = network.hessian_vector_product(theta, case["vector"], inputs, labels)
    assert_allclose(product, case["hessian_vector_product"], rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("activation", UNITS)
def test_permuting_hidden_units_changes_nothing(activation):
    network, theta, inputs, labels = problem(activation, depth=2)
    twin = theta.copy()
    permutation = np.array([2, 0, 5, 1, 4, 3])  # of the six units of the second hidden layer
    _, (weights_in, biases), (weights_out, _) = network.unpack(twin)
    weights_in[:], biases[:] = weights_in[:, permutation], biases[permutation]
    weights_out[:] = weights_out[permutation]
    assert not np.array_equal(theta, twin)
    assert_allclose(network.logits(twin, inputs), network.logits(theta, inputs), rtol=0, atol=1e-14)
    assert_allclose(network.loss(twin, inputs, labels), network.loss(theta, inputs, labels), rtol=1e-14)
    gradient = network.unpack(network.gradient(theta, inputs, labels))
    twin_gradient = network.unpack(network.gradient(twin, inputs, labels))
    assert_allclose(twin_gradient[1][0], gradient[1][0][:, permutation], rtol=0, atol=1e-15)
    assert_allclose(twin_gradient[2][0], gradient[2][0][permutation], rtol=0, atol=1e-15)


@pytest.mark.parametrize("leading", [(3,), (2, 3)])
@pytest.mark.parametrize("activation", UNITS)
def test_batched_is_one_by_one(activation, leading):
    network, _, inputs, labels = problem(activation, depth=2)
    random = np.random.default_rng(5)
    theta, vector = random.normal(size=(2, *leading, network.dimension))
    close = {"rtol": 1e-12, "atol": 1e-14}
    for index in np.ndindex(leading):
        one, v = theta[index], vector[index]
        assert_allclose(network.logits(theta, inputs)[index], network.logits(one, inputs), **close)
        assert_allclose(network.loss(theta, inputs, labels)[index], network.loss(one, inputs, labels), **close)
        assert_allclose(network.gradient(theta, inputs, labels)[index], network.gradient(one, inputs, labels), **close)
        product = network.hessian_vector_product(theta, vector, inputs, labels)
        assert product.shape == theta.shape
        assert_allclose(product[index], network.hessian_vector_product(one, v, inputs, labels), **close)
        assert network.accuracy(theta, inputs, labels)[index] == network.accuracy(one, inputs, labels)


def test_hessian_vector_product_broadcasts():
    network, _, inputs, labels = problem(depth=2)
    random = np.random.default_rng(6)
    theta, vector = random.normal(size=(3, 1, network.dimension)), random.normal(size=(2, network.dimension))
    product = network.hessian_vector_product(theta, vector, inputs, labels)
    assert product.shape == (3, 2, network.dimension)
    for i, j in np.ndindex(3, 2):
        expected = network.hessian_vector_product(theta[i, 0], vector[j], inputs, labels)
        assert_allclose(product[i, j], expected, rtol=1e-12, atol=1e-14)


def test_nothing_that_is_given_is_changed():
    network, theta, inputs, labels = problem(depth=2)
    before = [array.copy() for array in (theta, inputs, labels)]
    network.loss_and_gradient(theta, inputs, labels)
    network.hessian_vector_product(theta, theta, inputs, labels)
    for array, old in zip((theta, inputs, labels), before, strict=True):
        assert_array_equal(array, old)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200, 1e308])
@pytest.mark.parametrize("activation", UNITS)
def test_a_diverged_network_is_not_finite_and_silent(activation, value):
    network, theta, inputs, labels = problem(activation, depth=2)
    diverged = np.full_like(theta, value)
    both = np.stack([theta, diverged])
    loss = network.loss(both, inputs, labels)
    gradient = network.gradient(both, inputs, labels)
    product = network.hessian_vector_product(both, theta, inputs, labels)
    accuracy = network.accuracy(both, inputs, labels)
    if not np.isfinite(value):
        assert not np.isfinite(loss[1])
        assert not np.isfinite(gradient[1]).all()
        assert not np.isfinite(product[1]).all()
        assert np.isnan(accuracy[1])
    # ... and its neighbour does not notice.
    assert_allclose(loss[0], network.loss(theta, inputs, labels), rtol=1e-12)
    assert_allclose(gradient[0], network.gradient(theta, inputs, labels), rtol=1e-12, atol=1e-14)
    assert_allclose(product[0], network.hessian_vector_product(theta, theta, inputs, labels), rtol=1e-12, atol=1e-14)
    assert accuracy[0] == network.accuracy(theta, inputs, labels)


@pytest.mark.parametrize("num_examples", [127, 128, 129, 300])
def test_blocks_of_examples_do_not_show(num_examples):
    network, theta, inputs, labels = problem(depth=1, num_examples=num_examples)
    theta = np.stack([theta, -theta])
    alone = [(x[None], y[None]) for x, y in zip(inputs, labels, strict=True)]
    for method in (network.loss, network.gradient, network.accuracy):
        expected = np.mean([method(theta, *example) for example in alone], axis=0)
        assert_allclose(method(theta, inputs, labels), expected, rtol=1e-12, atol=1e-15)
    product = network.hessian_vector_product(theta, theta, inputs, labels)
    expected = np.mean([network.hessian_vector_product(theta, theta, *example) for example in alone], axis=0)
    assert_allclose(product, expected, rtol=1e-11, atol=1e-14)
    loss, gradient = network.loss_and_gradient(theta, inputs, labels)
    assert_array_equal(loss, network.loss(theta, inputs, labels))
    assert_array_equal(gradient, network.gradient(theta, inputs, labels))


# ---- Bad input ----


NETWORK, THETA, INPUTS, LABELS = problem()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MLP(5), r"sizes: .*\(64, 32, 10\).*got 5"),
        (lambda: MLP((5,)), r"sizes: .*got \(5,\)"),
        (lambda: MLP("64-10"), r"sizes: .*got '64-10'"),
        (lambda: MLP((5, 0, 3)), r"sizes\[1\]: .*>= 1, got 0"),
        (lambda: MLP((5, 2.5, 3)), r"sizes\[1\]: .*got 2.5"),
        (lambda: MLP((5, 1)), r"sizes\[-1\]: .*>= 2, got 1"),
        (lambda: MLP((5, 3), "gelu"), r"activation: .*'relu', 'tanh', 'sigmoid', 'linear', got 'gelu'"),
        (lambda: NETWORK.initial(-1), r"seed: .*>= 0, got -1"),
        (lambda: NETWORK.initial(0, scale="xavier"), r"scale: .*'glorot'.*got 'xavier'"),
        (lambda: NETWORK.unpack(THETA[:-1]), r"theta: .*\(\.\.\., 39\), got shape \(38,\)"),
        (lambda: NETWORK.loss("theta", INPUTS, LABELS), r"theta: .*got 'theta'"),
        (lambda: NETWORK.logits(THETA, INPUTS[:, :4]), r"inputs: .*\(N, 5\).*got shape \(7, 4\)"),
        (lambda: NETWORK.logits(THETA, INPUTS[0]), r"inputs: .*2 dimensions, got shape \(5,\)"),
        (lambda: NETWORK.activations(THETA, INPUTS[:0]), r"inputs: .*got shape \(0, 5\)"),
        (lambda: NETWORK.loss(THETA, INPUTS * np.nan, LABELS), r"inputs: .*finite.*NaN"),
        (lambda: NETWORK.loss(THETA, INPUTS, LABELS + 1), r"labels: .*0 to 2.*got values from . to 3"),
        (lambda: NETWORK.gradient(THETA, INPUTS, LABELS - 1), r"labels: .*0 to 2.*got values from -1 to"),
        (lambda: NETWORK.gradient(THETA, INPUTS, LABELS[:-1]), r"labels: .*\(7,\).*got int64 of shape \(6,\)"),
        (lambda: NETWORK.accuracy(THETA, INPUTS, LABELS * 1.0), r"labels: .*whole numbers.*got float64"),
        (lambda: NETWORK.loss_and_gradient(THETA, INPUTS, [[0], [1, 2]]), r"labels: .*got \[\[0\], \[1, 2\]\]"),
        (lambda: NETWORK.hessian_vector_product(THETA, THETA[:3], INPUTS, LABELS), r"vector: .*got shape \(3,\)"),
        (
            lambda: NETWORK.hessian_vector_product(np.ones((2, 39)), np.ones((3, 39)), INPUTS, LABELS),
            r"vector: .*broadcasts with theta's \(2, 39\), got shape \(3, 39\)",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
