"""The cost of a network on a training set: its minibatches, and what it shares with the network."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.data import load_digits
from helpers.networks import MLP, TrainingCost


def training_problem(num_examples=100):
    random = np.random.default_rng(2)
    network = MLP((5, 4, 3))
    theta = random.normal(0.0, 0.7, network.dimension)
    return network, theta, random.normal(size=(num_examples, 5)), random.integers(0, 3, num_examples)


@pytest.mark.parametrize(
    ("batch_size", "lengths"), [(20, [20] * 5), (30, [30, 30, 30, 10]), (100, [100]), (1, [1] * 100)]
)
def test_minibatch_gradients_of_an_epoch_average_to_the_full_gradient(batch_size, lengths):
    network, theta, inputs, labels = training_problem()
    cost = TrainingCost(network, inputs, labels, batch_size)
    assert cost.steps_per_epoch == len(lengths) and cost.dimension == network.dimension
    full = cost.full_gradient(theta)
    assert_array_equal(full, network.gradient(theta, inputs, labels))
    epochs = [np.array([cost.gradient(theta) for _ in lengths]) for _ in range(3)]
    for gradients in epochs:
        assert_allclose(np.average(gradients, axis=0, weights=lengths), full, rtol=1e-11, atol=1e-14)
    if batch_size < 100:
        # Each epoch has its own order, and a minibatch is not the whole set.
        assert np.abs(epochs[0] - epochs[1]).max() > 1e-3
        assert np.abs(epochs[0][0] - full).max() > 1e-3


def test_a_new_training_cost_starts_the_same_sequence():
    network, theta, inputs, labels = training_problem()

    def sequence(seed):
        cost = TrainingCost(network, inputs, labels, 30, seed)
        return np.array([cost.gradient(theta) for _ in range(9)])

    assert_array_equal(sequence(0), sequence(0))
    assert np.abs(sequence(0) - sequence(1)).max() > 1e-3
    first = TrainingCost(network, inputs, labels, 30)
    with pytest.raises(ValueError, match="theta"):
        first.gradient(theta[1:])
    first.loss(theta), first.full_gradient(theta), first.hessian_vector_product(theta, theta)
    # Neither a refused call nor the others consume a minibatch.
    assert_array_equal(first.gradient(theta), sequence(0)[0])


def test_all_networks_of_a_batch_get_the_same_minibatch():
    network, _, inputs, labels = training_problem()
    theta = np.random.default_rng(7).normal(size=(2, 3, network.dimension))
    together = TrainingCost(network, inputs, labels, 30)
    alone = {index: TrainingCost(network, inputs, labels, 30) for index in np.ndindex(2, 3)}
    for _ in range(5):
        gradient = together.gradient(theta)
        assert gradient.shape == theta.shape
        for index, cost in alone.items():
            assert_allclose(gradient[index], cost.gradient(theta[index]), rtol=1e-12, atol=1e-14)


def test_loss_and_curvature_are_those_of_the_whole_set():
    network, theta, inputs, labels = training_problem()
    cost = TrainingCost(network, inputs, labels, 10)
    cost.gradient(theta)
    assert cost.loss(theta) == network.loss(theta, inputs, labels)
    assert cost.loss(np.stack([theta, 2 * theta])).shape == (2,)
    vector = np.random.default_rng(8).normal(size=len(theta))
    product = cost.hessian_vector_product(theta, vector)
    assert_array_equal(product, network.hessian_vector_product(theta, vector, inputs, labels))
    step = 1e-5
    expected = (cost.full_gradient(theta + step * vector) - cost.full_gradient(theta - step * vector)) / (2 * step)
    assert_allclose(product, expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_twenty_epochs_of_sgd_learn_the_digits(activation):
    digits, network = load_digits(), MLP((64, 32, 10), activation)
    cost = TrainingCost(network, digits.train_inputs, digits.train_labels, batch_size=100)
    theta = network.initial(seed=0)
    for _ in range(20 * cost.steps_per_epoch):
        theta = theta - 0.5 * cost.gradient(theta)
    assert cost.loss(theta) < 0.15
    assert network.accuracy(theta, digits.test_inputs, digits.test_labels) > 0.94


NETWORK, THETA, INPUTS, LABELS = training_problem(7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TrainingCost("net", INPUTS, LABELS, 2), r"network: .*MLP, got 'net'"),
        (lambda: TrainingCost(NETWORK, INPUTS, LABELS + 5, 2), r"labels: "),
        (lambda: TrainingCost(NETWORK, INPUTS[:, 1:], LABELS, 2), r"inputs: "),
        (lambda: TrainingCost(NETWORK, INPUTS, LABELS, 0), r"batch_size: .*>= 1 and <= 7, got 0"),
        (lambda: TrainingCost(NETWORK, INPUTS, LABELS, 8), r"batch_size: .*>= 1 and <= 7, got 8"),
        (lambda: TrainingCost(NETWORK, INPUTS, LABELS, 2.0), r"batch_size: .*got 2.0"),
        (lambda: TrainingCost(NETWORK, INPUTS, LABELS, 2, seed="a"), r"seed: .*got 'a'"),
        (lambda: TrainingCost(NETWORK, INPUTS, LABELS, 2).loss(THETA[1:]), r"theta: "),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
