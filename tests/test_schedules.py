"""The learning rates that change with the step; against PyTorch's LinearLR in test_against_torch.py."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import landscapes
from helpers.descent import descend
from helpers.schedules import linear_decay, power_decay


def test_linear_decay_by_hand():
    rate = linear_decay(0.5, 0.1, 4)
    assert [rate(k) for k in (0, 1, 2, 3, 4, 5, 1000)] == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1], rel=1e-15)
    assert rate(0) == 0.5 and rate(4) == 0.1 == rate(10**9)  # the two ends are exact
    assert isinstance(rate(2), float)


def test_linear_decay_may_end_at_once_rise_or_end_between_two_steps():
    assert linear_decay(0.5, 0.1, 0)(0) == 0.1
    assert linear_decay(0.0, 1.0, 4)(1) == 0.25
    assert linear_decay(1.0, 0.0, 2.5)(2) == pytest.approx(0.2) and linear_decay(1.0, 0.0, 2.5)(3) == 0
    assert linear_decay(0.5, 0.1, 1e-320)(3) == 0.1
    assert_allclose(linear_decay(0.5, 0.1, 4)([0, 2, 8]), [0.5, 0.3, 0.1])


def test_linear_decay_sweeps():
    initial, decay_steps = np.array([0.1, 0.2, 0.4]), np.array([[0], [10]])
    rate = linear_decay(initial, 0.01 * initial, decay_steps)
    for k in (0, 3, 10, 20):
        assert rate(k).shape == (2, 3)
        alone = [[linear_decay(e, 0.01 * e, tau)(k) for e in initial] for tau in decay_steps[:, 0]]
        assert_array_equal(rate(k), alone)


def test_power_decay_by_hand():
    assert [power_decay(0.6, 1)(k) for k in (0, 1, 2)] == pytest.approx([0.6, 0.3, 0.2], rel=1e-15)
    assert power_decay(0.6, 0.5)(8) == pytest.approx(0.2)
    assert power_decay(0.6, 0)(10**6) == 0.6
    assert power_decay(0.6, 1, offset=10)(10) == pytest.approx(0.3)
    assert_allclose(power_decay([1.0, 2.0], 1)(3), [0.25, 0.5])
    assert power_decay(0.6, 1e300)(3) == 0.0  # the denominator overflows, in silence
    assert isinstance(power_decay(0.6, 1)(np.int64(2)), float)


@pytest.mark.parametrize(("exponent", "sum_converges", "squares_converge"),
                         [(0.4, False, False), (0.75, False, True), (1.0, False, True), (1.5, True, True)])  # fmt: skip
def test_power_decay_meets_the_conditions_of_sgd_between_a_half_and_one(exponent, sum_converges, squares_converge):
    """A tail from K to 10 K that does not shrink with K means a sum without limit (equations 8.12 and 8.13)."""
    rate = power_decay(1.0, exponent)
    for power, converges in ((1, sum_converges), (2, squares_converge)):
        tails = [np.sum(rate(np.arange(k, 10 * k)) ** power) for k in (10**3, 10**4, 10**5)]
        assert (tails[2] < 0.9 * tails[1] < 0.81 * tails[0]) == converges


def test_sgd_with_one_over_lambda_k_reaches_the_rate_of_the_theory():
    """Noise on ½ λ θ² and ε_k = 1/(λ k), k from 1: θ_k is the mean of k errors, so E[J] = σ²/(2 λ k), exactly."""
    curvature, sigma, runs = 2.0, 1.0, 20_000
    noisy = landscapes.with_noise(landscapes.quadratic([[curvature]]), sigma, seed=3)
    trajectory = descend("sgd", noisy, np.ones((runs, 1)), 100, record_every=10,
                         learning_rate=power_decay(1 / curvature, 1))  # fmt: skip
    mean = trajectory.loss.mean(axis=1)
    for row, k in ((1, 10), (10, 100)):
        # J is a χ² with one degree of freedom: its standard error is √2/√runs of its mean.
        assert mean[row] == pytest.approx(sigma**2 / (2 * curvature * k), rel=4 * np.sqrt(2 / runs))
