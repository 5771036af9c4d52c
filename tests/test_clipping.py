"""Gradient clipping; against PyTorch's clip_grad_norm_ and clip_grad_value_ in test_against_torch.py."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import landscapes
from helpers.clipping import clip_by_norm, clip_by_value
from helpers.descent import descend

GRADIENTS = np.random.default_rng(8).standard_normal((50, 7, 3)) * np.geomspace(1e-3, 1e3, 50)[:, None, None]


def test_by_hand():
    assert_allclose(clip_by_norm([3.0, -4.0], 1), [0.6, -0.8], rtol=1e-15)
    assert_array_equal(clip_by_value([3.0, -4.0, 0.5], 1), [1, -1, 0.5])
    assert_array_equal(clip_by_norm([3, 4], 5), [3, 4])  # just long enough: untouched
    assert_array_equal(clip_by_norm([0.0, 0.0], 1), [0, 0])


def test_clipping_by_norm_keeps_the_direction_and_what_is_short_enough():
    clipped = clip_by_norm(GRADIENTS, 2.0)
    before, after = (np.linalg.norm(g, axis=-1) for g in (GRADIENTS, clipped))
    assert_allclose(after, np.minimum(before, 2.0), rtol=1e-14)
    assert_allclose(clipped / after[..., None], GRADIENTS / before[..., None], rtol=1e-13)
    assert_array_equal(clipped[before <= 2], GRADIENTS[before <= 2])
    assert 0 < np.sum(before <= 2) < before.size


def test_clipping_by_value_is_element_by_element_and_may_turn_the_direction():
    clipped = clip_by_value(GRADIENTS, 0.3)
    assert_array_equal(clipped, np.sign(GRADIENTS) * np.minimum(np.abs(GRADIENTS), 0.3))
    assert_array_equal(clip_by_value([100.0, 0.1], 0.1), [0.1, 0.1])


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
def test_a_bound_for_each_run_is_the_runs_one_by_one(clip):
    bounds = np.geomspace(0.1, 10, 7)
    together = clip(GRADIENTS, bounds)
    for column, bound in enumerate(bounds):
        assert_array_equal(together[:, column], clip(GRADIENTS[:, column], bound))
    assert clip(np.ones(3), bounds).shape == (7, 3)


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
def test_the_gradient_is_left_alone(clip):
    gradient = np.array([3.0, -4.0])
    result = clip(gradient, 1)
    short = clip(gradient, 100)
    result[:] = short[:] = 0
    assert_array_equal(gradient, [3, -4])


@pytest.mark.parametrize("size", [5e-324, 1e-300, 1e-160, 1e160, 1e300, 1.7e308])
def test_very_long_and_very_short_gradients(size):
    """The squares, and for the largest the norm itself, would leave the range of the numbers."""
    expected = [size, -size] if size < 1 else [np.sqrt(2), -np.sqrt(2)]
    assert_allclose(clip_by_norm([size, -size], 2.0), expected, rtol=1e-15)
    assert_array_equal(clip_by_norm([size, 0.0], 1e-200), [min(size, 1e-200), 0])


def test_gradients_that_are_not_finite():
    with_nan, with_infinity = [np.nan, 1.0], [np.inf, 1.0]
    for gradient in (with_nan, with_infinity, [np.inf, -np.inf], [np.nan, np.inf]):
        assert np.all(np.isnan(clip_by_norm(gradient, 1)))
    assert_array_equal(clip_by_value(with_nan, 1), [np.nan, 1])
    assert_array_equal(clip_by_value([np.inf, -np.inf], 2), [2, -2])
    # neighbours do not notice
    assert_array_equal(clip_by_norm([with_nan, [0.0, 0.5]], 1)[1], [0, 0.5])


def test_clipping_keeps_a_step_from_the_cliff_short():
    land = landscapes.cliff()
    w, b = np.meshgrid(*(np.linspace(low, high, 201) for low, high in land.bounds))
    points = np.stack([w, b], axis=-1).reshape(-1, 2)
    wall = points[np.argmax(np.linalg.norm(land.gradient(points), axis=-1))]
    step = {}
    for name, bound in (("plain", {}), ("norm", {"max_norm": 1.0}), ("value", {"max_value": 1.0})):
        step[name] = np.diff(descend("sgd", land, wall, 1, learning_rate=0.05, **bound).theta, axis=0)[0]
    assert np.linalg.norm(step["plain"]) > 2.5  # larger than the picture
    assert np.linalg.norm(step["norm"]) == pytest.approx(0.05) and np.abs(step["value"]).max() == pytest.approx(0.05)
    assert_allclose(step["norm"] / 0.05, step["plain"] / np.linalg.norm(step["plain"]), rtol=1e-9)
    assert not np.allclose(step["value"] / step["norm"], 1)


def test_clipped_descent_from_the_plain_of_the_cliff_reaches_the_valley_in_short_steps():
    land = landscapes.cliff()
    trajectory = descend("sgd", land, land.start, 1000, learning_rate=0.05, max_norm=1)
    assert np.linalg.norm(np.diff(trajectory.theta, axis=0), axis=-1).max() <= 0.05 * (1 + 1e-12)
    assert trajectory.loss[0] > 0.3 and trajectory.loss.min() < 1e-4
