"""The live drawings of lesson 8.4 that are made by hand: violins as one path, units as small pictures."""

import numpy as np
import pytest
from matplotlib.path import Path
from numpy.testing import assert_allclose, assert_array_equal

from helpers.figures.panel_8_4 import Violins
from helpers.figures.symmetry_8_4 import _pictures
from helpers.stage import Stage


@pytest.fixture
def violins():
    axes = Stage(300, 200, columns=1).axes
    axes.set(xlim=(0, 4), ylim=(-2, 2))
    return Violins(axes, -2, 2, "black", num_bins=40)


def shapes(violins):
    """The vertices of each closed shape of the path."""
    path = violins.patch.get_path()
    if path.codes is None:
        return []
    starts = np.flatnonzero(path.codes == Path.MOVETO)
    return [path.vertices[a : b - 1] for a, b in zip(starts, [*starts[1:], len(path.vertices)], strict=True)]


def test_violins_are_where_the_values_are(violins):
    random = np.random.default_rng(0)
    violins.set([1.0, 3.0], [random.uniform(-1, 1, 20_000), random.normal(0.5, 0.1, 20_000)], 0.8)
    flat, bell = shapes(violins)
    assert_allclose(np.ptp(flat[:, 0]), 0.8, rtol=0.1)  # widest where there are most values
    assert_allclose(flat[:, 0].min() + flat[:, 0].max(), 2.0, atol=1e-9)  # symmetric about its place
    assert_allclose([flat[:, 1].min(), flat[:, 1].max()], [-1, 1], atol=0.11)
    inner = np.abs(flat[:, 1]) < 0.85
    assert np.abs(np.abs(flat[inner, 0] - 1.0) - 0.4).max() < 0.05  # a uniform density has straight flanks
    assert_allclose(bell[np.argmax(bell[:, 0]), 1], 0.5, atol=0.11)
    assert bell[:, 1].min() > 0 and bell[:, 1].max() < 1


def test_violins_of_nothing_of_one_value_and_of_the_unspeakable(violins):
    violins.set([1.0], [np.full(10, 7.0)], 0.8)  # all outside of the picture
    assert shapes(violins) == []
    violins.set([1.0, 2.0], [np.array([np.nan, np.inf, -np.inf, 0.0]), np.zeros(0)], 0.8)
    (spike,) = shapes(violins)
    assert np.abs(spike[:, 1]).max() < 0.25
    violins.set([], [], 0.8)
    assert shapes(violins) == []


def test_units_as_pictures():
    weights = np.arange(64 * 8, dtype=float).reshape(8, 64).T  # unit k has the values 64 k ... 64 k + 63
    tiles = _pictures(weights)[::-1]  # rows from the top
    assert tiles.shape == (19, 37)
    assert_array_equal(tiles[1:9, 1:9], np.arange(64).reshape(8, 8))
    assert_array_equal(tiles[10:18, 28:36], 7 * 64 + np.arange(64).reshape(8, 8))
    assert np.isnan(tiles[9]).all() and np.isnan(tiles[:, 9]).all()
