"""The bookkeeping of lesson 8.6's race."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import race_8_6 as race
from helpers.data import load_digits
from helpers.networks import MLP, TrainingCost
from helpers.optimizers import sgd
from helpers.second_order import conjugate_gradient, lbfgs

NET, WHOLE, VALIDATION_ERROR = race.digits_net(hidden=4)
START = NET.initial(seed=0)


def test_the_landscape_is_the_nets_cost_on_the_training_set():
    digits = load_digits()
    data = (digits.train_inputs, digits.train_labels)
    loss, gradient = WHOLE.loss_and_gradient(START)
    assert_allclose([loss, WHOLE.loss(START)], NET.loss(START, *data))
    assert_allclose(gradient, NET.gradient(START, *data))
    assert_allclose(WHOLE.hessian_vector_product(START, gradient), NET.hessian_vector_product(START, gradient, *data))
    right = NET.accuracy(START, digits.validation_inputs, digits.validation_labels)
    assert_allclose(VALIDATION_ERROR(START), 1 - right)


@pytest.mark.parametrize("method", [conjugate_gradient, lbfgs])
def test_a_timed_run_is_the_methods_run_within_its_passes(method):
    run = race.timed(method, NET, WHOLE, START, 12)
    states = []
    for state in method(WHOLE, START):
        if state.evaluations > 12:
            break
        states.append(state)
    assert_array_equal(run["passes"], [1] + [state.evaluations for state in states])
    assert_allclose(run["cost"], [WHOLE.loss(START)] + [WHOLE.loss(state.theta) for state in states])
    assert np.all(np.diff(run["seconds"]) > 0) and np.all(np.diff(run["work"]) > 0)
    assert_allclose(run["error"], VALIDATION_ERROR(states[-1].theta))


def test_a_first_order_run_is_recorded_after_every_pass_and_kept():
    run = race.timed_first_order("sgd", NET, START, 3, 0.2, 100)
    digits = load_digits()
    cost = TrainingCost(NET, digits.train_inputs, digits.train_labels, batch_size=100, seed=0)
    states = sgd(cost.gradient, START, learning_rate=0.2)
    thetas = [START] + [next(states).theta for _ in range(3 * 13)][12::13]
    assert_allclose(run["cost"], [WHOLE.loss(theta) for theta in thetas])
    assert_array_equal(run["passes"], [0, 1, 2, 3])
    assert race.timed_first_order("sgd", NET, START, 3, 0.2, 100) is run
    assert race.at_pass(run, 2.5) == run["cost"][2]


def test_multiplications_are_those_of_the_matrix_products():
    counted = []

    class Counting(np.ndarray):
        def __matmul__(self, other):
            counted.append(self.shape[-2] * self.shape[-1] * other.shape[-1])
            return (np.asarray(self) @ np.asarray(other)).view(Counting)

    sizes, examples = (5, 4, 3), 7
    w1, w2 = np.ones((5, 4)).view(Counting), np.ones((4, 3)).view(Counting)
    a1 = np.ones((examples, 5)).view(Counting) @ w1
    delta2 = a1 @ w2
    a1.T @ delta2
    delta1 = delta2 @ w2.T
    np.ones((5, examples)).view(Counting) @ delta1
    assert race.multiplications_per_pass(MLP(sizes), examples) == sum(counted)


def test_a_small_first_step_is_predicted_by_taylors_series():
    for name in ("sgd", "momentum", "adam"):
        predicted, actual = race.first_step(name, NET, START, 1e-3, 50)
        assert actual < 0
        assert_allclose(predicted, actual, rtol=1e-2)


def test_the_noise_in_y_falls_with_the_root_of_the_batch_and_with_the_step():
    at = {m: race.noise_in_y(NET, START, m, 0.1, draws=40) for m in (10, 40)}
    assert_allclose(at[10] / at[40], 2, rtol=0.25)
    assert race.noise_in_y(NET, START, 10, 0.01) > 5 * at[10]
    assert race.noise_in_y(NET, START, 1300, 0.1) < 1e-12
