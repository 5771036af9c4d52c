"""Every landscape: its derivatives against differences, its minima, what a picture needs, what it is known for."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import landscapes
from helpers.descent import descend

ALL = {
    "quadratic": landscapes.quadratic([[3, 2], [2, 3]]),
    "quadratic, 1 parameter": landscapes.quadratic([[0.4]], bounds=[(-1, 2)], start=[1.5]),
    "quadratic, 4 parameters": landscapes.quadratic(np.diag([1.0, 10, 100, 1000]) + 0.5),
    "quadratic, indefinite": landscapes.quadratic([[1, 2], [2, 1]]),
    "rosenbrock": landscapes.rosenbrock(),
    "rosenbrock, 5 parameters": landscapes.rosenbrock(5),
    "himmelblau": landscapes.himmelblau(),
    "beale": landscapes.beale(),
    "saddle": landscapes.saddle(),
    "saddle, uneven": landscapes.saddle(positive=0.5, negative=3),
    "monkey_saddle": landscapes.monkey_saddle(),
    "plateau": landscapes.plateau(),
    "cliff": landscapes.cliff(),
    "cliff, 1 step": landscapes.cliff(num_steps=1, initial=-1, target=0.3),
    "mountain": landscapes.mountain(),
    "mountain, 2 parameters": landscapes.mountain(2, tilt=0.5),
    "power": landscapes.power(),
    "power, 3 parameters": landscapes.power(6, 3),
    "rastrigin": landscapes.rastrigin(),
    "rastrigin, 3 parameters": landscapes.rastrigin(3),
}
EVERY = pytest.mark.parametrize("landscape", ALL.values(), ids=ALL)


def random_points(landscape, number, seed=8):
    low, high = np.transpose(landscape.bounds)
    return np.random.default_rng(seed).uniform(low, high, size=(number, landscape.dimension))


def differences(function, points, step=1e-4):
    """The derivative of function by each parameter, as the last axis, by central differences of order 4."""
    columns = []
    for e in step * np.eye(points.shape[-1]):
        near = function(points + e) - function(points - e)
        far = function(points + 2 * e) - function(points - 2 * e)
        columns.append((8 * near - far) / (12 * step))
    return np.stack(columns, axis=-1)


@EVERY
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_agree_with_finite_differences(landscape, order):
    """To 1e-8 of the largest derivative: the differences cut off at h⁴ = 1e-16 and lose 1e-16/h to rounding."""
    function, derivative = ((landscape.loss, landscape.gradient), (landscape.gradient, landscape.hessian))[order - 1]
    points = random_points(landscape, 200)
    exact = derivative(points)
    largest = np.abs(exact).max()
    # At the foot of the cliff the tenth derivative is enormous: a shorter step there.
    step = 1e-5 if landscape.name == "cliff" else 1e-4
    assert_allclose(differences(function, points, step), exact, rtol=0, atol=1e-8 * largest)
    assert largest > 0


@EVERY
def test_hessian_is_symmetric(landscape):
    hessian = landscape.hessian(random_points(landscape, 100))
    assert_array_equal(hessian, np.swapaxes(hessian, -1, -2))


@EVERY
def test_points_on_two_leading_axes_are_the_points_one_by_one(landscape):
    n = landscape.dimension
    points = random_points(landscape, 12).reshape(3, 4, n)
    for kind, shape in (("loss", ()), ("gradient", (n,)), ("hessian", (n, n))):
        evaluate = getattr(landscape, kind)
        together = evaluate(points)
        assert together.shape == (3, 4, *shape) and together.dtype == np.float64
        alone = [[evaluate(points[i, j]) for j in range(4)] for i in range(3)]
        # Not bit by bit: a product with a matrix, or a sum over n, may be added up in another order.
        assert_allclose(together, alone, rtol=1e-13, atol=1e-15 * np.abs(together).max())
        assert evaluate(points[:0]).shape == (0, 4, *shape)
        assert_array_equal(evaluate(points.tolist()), together)


@EVERY
def test_minima_are_critical_points_with_positive_curvatures(landscape):
    minima = landscape.minima
    assert minima.ndim == 2 and minima.shape[1] == landscape.dimension
    curvatures = np.linalg.eigvalsh(landscape.hessian(minima))
    # x⁴ is as flat as can be at its minimum: the one landscape whose Hessian does not show that it is one.
    assert np.all(curvatures == 0 if landscape.name == "power" else curvatures > 0)
    # A coordinate rounded at 1e-16 leaves a gradient of that times the curvature.
    assert np.all(np.abs(landscape.gradient(minima)) <= 1e-14 * (1 + np.abs(curvatures).max(initial=0)))
    around = minima[:, None] + 1e-3 * np.concatenate([np.eye(landscape.dimension), -np.eye(landscape.dimension)])
    assert np.all(landscape.loss(around) > landscape.loss(minima)[:, None])


def test_which_landscapes_have_minima():
    numbers = {name: len(landscape.minima) for name, landscape in ALL.items()}
    without = {"quadratic, indefinite", "saddle", "saddle, uneven", "monkey_saddle", "cliff", "cliff, 1 step",
               "mountain", "mountain, 2 parameters"}  # fmt: skip
    assert numbers == {name: 0 if name in without else 4 if name == "himmelblau" else 1 for name in ALL}


@EVERY
def test_what_a_picture_needs_is_there(landscape):
    n = landscape.dimension
    assert len(landscape.bounds) == n and all(low < high for low, high in landscape.bounds)
    low, high = np.transpose(landscape.bounds)
    assert landscape.start.shape == (n,) and np.all((low < landscape.start) & (landscape.start < high))
    assert np.all((low < landscape.minima) & (landscape.minima < high))
    assert np.linalg.norm(landscape.gradient(landscape.start)) > 1e-3, "a start from which nothing moves"
    assert landscape.name.strip() and len(landscape.source) > 8
    for kind in ("loss", "gradient", "hessian"):
        assert landscape.name in getattr(landscape, kind).__doc__


@EVERY
def test_far_out_values_overflow_in_silence(landscape):
    """Warnings are errors in these tests. What is not finite at a finite point is an overflow, and never a number."""
    n = landscape.dimension
    for far in (1e200, -1e200, 1e308, np.inf, np.nan):
        for point in (np.full(n, far), np.r_[far, np.zeros(n - 1)]):
            assert landscape.loss(point).shape == ()
            assert landscape.gradient(point).shape == (n,)
            assert landscape.hessian(point).shape == (n, n)
    assert not np.any(np.isfinite(landscape.loss(np.full(n, np.nan))))
    assert not np.any(np.isfinite(landscape.gradient(np.full(n, np.nan))))


@EVERY
def test_a_landscape_cannot_be_changed(landscape):
    with pytest.raises(dataclasses.FrozenInstanceError):
        landscape.name = "other"
    for array in (landscape.minima, landscape.start):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    points = random_points(landscape, 3)
    kept = points.copy()
    for evaluate in (landscape.loss, landscape.gradient, landscape.hessian):
        first = evaluate(points)
        kept_first = first.copy()
        first[...] = 17
        assert_array_equal(evaluate(points), kept_first)
    assert_array_equal(points, kept)
    assert {landscape: 1}[landscape] == 1  # can be the key of a cache


# ---- What each is known for ----


def test_himmelblau_has_four_minima_of_height_0_and_a_summit_between_them():
    land = ALL["himmelblau"]
    assert_allclose(land.loss(land.minima), 0, atol=1e-28)
    assert len(np.unique(np.sign(land.minima), axis=0)) == 4  # one in each quadrant
    summit = np.array([-0.270845, -0.923039])
    assert_allclose(land.gradient(summit), 0, atol=1e-4)
    assert np.all(np.linalg.eigvalsh(land.hessian(summit)) < 0)
    assert land.loss(summit) == pytest.approx(181.617, abs=1e-3)


@pytest.mark.parametrize("tilt", [0.1, 0.8, 0.999])
def test_the_mountain_has_a_summit_two_asymptotes_and_no_valley(tilt):
    land = landscapes.mountain(tilt=tilt)
    x = np.r_[-np.geomspace(1e6, 1e-6, 2000), np.geomspace(1e-6, 1e6, 2000)][:, None]
    slope = land.gradient(x)[:, 0]
    assert np.all(slope[:2000] > 0) and np.all(slope[2000:] < 0)  # up to 0 from the left, and down from there
    assert land.gradient([0.0]) == 0 and land.loss([0.0]) == 1 and np.all(land.hessian([0.0]) == -1)
    for side in (-1, 1):
        # What is left of the way down to the asymptote falls as 1/|x|.
        assert land.loss([side * 1e9]) == pytest.approx(-side * tilt * np.pi / 4, abs=3e-9)


def test_the_mountain_can_be_walked_round_in_two_dimensions():
    land = landscapes.mountain(2)
    x, y = np.meshgrid(np.linspace(-6, 6, 121), np.linspace(-4, 4, 81))
    points = np.stack([x, y], axis=-1)
    flat = np.linalg.norm(land.gradient(points), axis=-1) < 1e-12
    assert_array_equal(points[flat], [[0.0, 0.0]])
    assert_allclose(land.loss(points[40]), landscapes.mountain().loss(points[40, :, :1]), rtol=1e-14)
    aside = land.loss(np.stack([np.linspace(-6, 6, 500), np.full(500, 6.0)], axis=-1))
    assert np.all(np.diff(aside) < 0)  # no hill here: downhill all the way from left to right
    assert np.all(land.gradient(np.stack([np.linspace(-6, 6, 121), np.full(121, 3.0)], axis=-1))[:, 0] < 0)
    walkers = np.array([(-1.0, 0.3), (-2.0, -0.1), (-1.0, 1e-3), (-1.0, 0.0)])
    ends = descend("sgd", land, walkers, 4000, learning_rate=0.2, record_every=4000).theta[-1]
    assert np.all(ends[:3, 0] > 6) and ends[3, 0] < -6  # round it, also from hardly beside the line; on the line, never


def test_the_monkey_saddle_looks_the_same_after_a_third_of_a_turn():
    land = ALL["monkey_saddle"]
    c, s = np.cos(2 * np.pi / 3), np.sin(2 * np.pi / 3)
    turn = np.array([[c, -s], [s, c]])
    points = random_points(land, 50)
    assert_allclose(land.loss(points @ turn.T), land.loss(points), atol=1e-13)
    assert_allclose(land.gradient(points @ turn.T), land.gradient(points) @ turn.T, atol=1e-13)
    assert_array_equal(land.hessian([0, 0]), np.zeros((2, 2)))
    circle = np.linspace(0, 2 * np.pi, 361)[:-1]
    down = land.loss(np.stack([np.cos(circle), np.sin(circle)], axis=-1)) < -1e-9
    assert np.sum(down & ~np.roll(down, 1)) == 3  # three ways down


def test_the_saddle_is_x2_minus_y2():
    points = random_points(ALL["saddle"], 20)
    assert_allclose(ALL["saddle"].loss(points), points[:, 0] ** 2 - points[:, 1] ** 2, rtol=1e-13)
    assert_array_equal(landscapes.saddle(0.5, 3).hessian([1, 1]), [[0.5, 0], [0, -3]])


def test_the_plateau_is_flat_far_out():
    slope = [np.linalg.norm(ALL["plateau"].gradient([r, 0])) for r in (0, 1, 2, 4, 6)]
    assert_allclose(slope, [r * np.exp(-(r**2) / 2) for r in (0, 1, 2, 4, 6)], rtol=1e-14)
    assert max(slope) == slope[1] and slope[-1] < 1e-6


def test_the_cliff_is_a_plain_a_wall_and_a_valley():
    land = ALL["cliff"]
    steepness = np.linalg.norm(land.gradient(random_points(land, 5000)), axis=-1)
    assert np.quantile(steepness, 0.25) < 0.5 < 50 < steepness.max()
    # The start is on the plain; the valley, in which the state settles at the target, is within the picture.
    assert np.linalg.norm(land.gradient(land.start)) < 0.5
    assert land.loss(random_points(land, 5000)).min() < 1e-4 < 0.3 < land.loss(land.start)


def test_rosenbrock_and_rastrigin_and_beale_at_known_points():
    assert ALL["rosenbrock"].loss([-1.2, 1]) == pytest.approx(24.2)
    assert ALL["rosenbrock"].loss([1, 1]) == 0 and ALL["rosenbrock, 5 parameters"].loss(np.ones(5)) == 0
    assert_array_equal(ALL["rosenbrock"].hessian([1, 1]), [[802, -400], [-400, 200]])
    assert ALL["beale"].loss([3, 0.5]) == 0 and ALL["beale"].loss([0, 0]) == 1.5**2 + 2.25**2 + 2.625**2
    assert ALL["rastrigin"].loss([0, 0]) == 0 and ALL["rastrigin"].loss([2, -3]) == pytest.approx(13)
    assert ALL["rastrigin"].loss([0.5, 0]) == pytest.approx(20.25)


@pytest.mark.parametrize("exponent", [2, 2.5, 4.0])
def test_power_is_a_power_on_both_sides(exponent):
    land = landscapes.power(exponent)
    assert_allclose(land.loss([[-2.0], [2.0]]), 2**exponent / exponent)
    assert_allclose(land.gradient([[-2.0], [0.0], [2.0]]), [[-(2 ** (exponent - 1))], [0], [2 ** (exponent - 1)]])
    assert_allclose(land.hessian([[-2.0], [2.0]]), np.full((2, 1, 1), (exponent - 1) * 2 ** (exponent - 2)))


def test_a_rotated_bowl_is_symmetric_enough():
    """QDQᵀ is symmetric up to rounding only, of the size of its largest entry: accepted, and made symmetric."""
    for angle in np.linspace(0, np.pi, 50):
        q = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        rounded = q @ np.diag([1.0, 100.0]) @ q.T
        rounded[0, 1] += 2e-15 * np.sign(angle - 1)
        hessian = landscapes.quadratic(rounded).hessian([0, 0])
        assert_array_equal(hessian, hessian.T)
        assert_allclose(np.linalg.eigvalsh(hessian), [1, 100], rtol=1e-12)


@pytest.mark.parametrize("matrix", [[[1, 1], [1, 1]], np.ones((5, 5)), np.zeros((2, 2)), [[-1.0]]])
def test_a_valley_without_slope_along_it_lists_no_minimum(matrix):
    assert landscapes.quadratic(matrix).minima.shape == (0, len(matrix))


def test_an_ill_conditioned_bowl_still_has_its_minimum():
    assert_array_equal(landscapes.quadratic(np.diag([1e-12, 1.0])).minima, [[0, 0]])


# ---- Noise ----


def test_noise_is_unbiased_of_the_scale_asked_for_and_independent():
    land = ALL["himmelblau"]
    points = np.broadcast_to([1.0, -2.0], (40_000, 2))
    errors = landscapes.with_noise(land, 3.0, seed=1).gradient(points) - land.gradient(points)
    # Within four standard errors: σ/√n of the mean, σ/√(2n) of the deviation, 1/√n of a correlation.
    assert_allclose(errors.mean(axis=0), 0, atol=4 * 3 / np.sqrt(40_000))
    assert_allclose(errors.std(axis=0), 3.0, atol=4 * 3 / np.sqrt(80_000))
    assert abs(np.corrcoef(errors.T)[0, 1]) < 4 / np.sqrt(40_000)
    assert abs(np.corrcoef(errors[1:, 0], errors[:-1, 0])[0, 1]) < 4 / np.sqrt(40_000)


def test_noise_repeats_with_its_seed_and_changes_with_every_call():
    land = ALL["rosenbrock"]
    first, again, other = (landscapes.with_noise(land, 0.1, seed=seed) for seed in (5, 5, 6))
    draws = [first.gradient(land.start) for _ in range(3)]
    assert_array_equal(draws, [again.gradient(land.start) for _ in range(3)])
    assert len({tuple(draw) for draw in [*draws, other.gradient(land.start)]}) == 4


def test_noise_touches_the_gradient_only():
    land = ALL["rosenbrock"]
    noisy = landscapes.with_noise(land, [0.0, 10.0])
    assert noisy.loss is land.loss and noisy.hessian is land.hessian and noisy.dimension == 2
    assert noisy.name != land.name and noisy.source == land.source
    points = np.array([[1.0, 2.0], [1.0, 2.0]])
    errors = noisy.gradient(points) - land.gradient(points)
    assert_array_equal(errors[0], [0, 0])  # a scale for each run
    assert np.all(errors[1] != 0)
    assert_array_equal(landscapes.with_noise(land, 1e308).gradient([1e308, 0.0]).shape, (2,))
