"""The numerics behind the figures of lessons 8.2.5 to 8.2.8, and the exercises' verdicts."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate

from helpers import answers_8_2b, landscapes, optimizers
from helpers.descent import descend
from helpers.figures import arc_8_2, structure_8_2


def spiral(num_steps=40, dimension=7):
    """A bent path in many dimensions, with a little of everything in each of them."""
    t = np.linspace(0, 1, num_steps + 1)[:, None]
    random = np.random.default_rng(3)
    return t * random.standard_normal(dimension) + t * (1 - t) * random.standard_normal(dimension) + 0.05 * t**3


@pytest.mark.parametrize("kind", ["farthest", "principal"])
def test_own_plane_is_orthonormal_and_runs_to_the_right_with_its_arc_upwards(kind):
    path = spiral()
    origin, axes = arc_8_2.own_plane(path, kind)
    assert_allclose(axes @ axes.T, np.eye(2), atol=1e-12)
    seen = (path - origin) @ axes.T
    assert seen[-1, 0] > seen[0, 0]
    middle = (seen[0, 1] + seen[-1, 1]) / 2
    assert seen[:, 1].max() - middle >= middle - seen[:, 1].min()


def test_own_plane_holds_the_start_the_end_and_the_farthest_point():
    path = spiral()
    origin, axes = arc_8_2.own_plane(path)
    beside = path - origin - ((path - origin) @ axes.T) @ axes
    chord = (path[-1] - path[0]) / np.linalg.norm(path[-1] - path[0])
    far = np.linalg.norm(path - origin - np.outer((path - origin) @ chord, chord), axis=1).argmax()
    assert_allclose(beside[[0, far, -1]], 0, atol=1e-12)


def test_own_plane_principal_has_the_largest_variance():
    path = spiral()
    origin, axes = arc_8_2.own_plane(path, "principal")
    values = np.linalg.eigvalsh(np.cov(path.T))[::-1]
    assert_allclose(((path - origin) @ axes.T).var(axis=0, ddof=1), values[:2], rtol=1e-10)


def test_look_at_interpolates_the_cost_of_a_bowl():
    """Cubic convolution of 25 × 25 values of a smooth function, compared with the function itself."""
    path = spiral()

    def loss(theta):
        return 0.3 + 0.05 * np.sum(theta**2, axis=-1)

    view = arc_8_2.look_at(path, "farthest", loss)
    assert np.abs(view["points"]).max() <= 1
    on_path = view["surface"].loss(view["points"][[0, -1]])
    assert_allclose(np.exp(on_path), loss(path[[0, -1]]), rtol=2e-3)
    assert_allclose(view["line"], loss(path[0] + np.linspace(0, 1, 25)[:, None] * (path[-1] - path[0])), rtol=1e-12)
    assert view["straight"] == pytest.approx(np.linalg.norm(path[-1] - path[0]))


def test_classify_knows_each_minimum_and_what_did_not_arrive():
    land, names = landscapes.himmelblau(), list(structure_8_2.BASINS)
    ends = np.concatenate([land.minima + 0.01, [[0.0, 0.0], [np.nan, np.nan], [np.inf, 1.0], [1e200, 0.0]]])
    kinds = [names[k] for k in structure_8_2.classify(land, ends)]
    assert kinds == ["A", "B", "C", "D", "no", "gone", "gone", "no"]
    egg_box = landscapes.rastrigin()
    run = descend(optimizers.sgd, egg_box, [[0.3, 0.2], [1.2, -2.1]], 200, learning_rate=0.001)
    assert [names[k] for k in structure_8_2.classify(egg_box, run.theta[-1])] == ["A", "other"]


def test_basins_of_small_steps_are_those_of_the_flow():
    """Gradient descent with a small ε ends where the solution of dθ/dt = −∇J does."""
    land, random = landscapes.himmelblau(), np.random.default_rng(0)
    starts = random.uniform(-5, 5, (12, 2))
    ends = descend(optimizers.sgd, land, starts, 1500, learning_rate=0.001, record_every=1500).theta[-1]
    for start, kind in zip(starts, structure_8_2.classify(land, ends), strict=True):
        flow = integrate.solve_ivp(lambda _, x: -land.gradient(x), (0, 5), start, rtol=1e-8, atol=1e-10)
        assert structure_8_2.classify(land, flow.y[:, -1]) == kind


def test_steps_to_cross_is_the_first_recorded_step_there():
    bowl = landscapes.quadratic(np.eye(2) * 0.5)
    run = descend(optimizers.sgd, bowl, [[4.0, 0.0], [-1.0, 0.0]], 5, learning_rate=0.1)
    assert structure_8_2.steps_to_cross(run, x=3.9)[0] == 0
    assert np.isnan(structure_8_2.steps_to_cross(run, x=3.9)[1])
    climbing = descend(optimizers.sgd, landscapes.mountain(2), [1.0, 0.5], 200, learning_rate=0.3)
    k = int(structure_8_2.steps_to_cross(climbing))
    assert climbing.theta[k, 0] >= 3 > climbing.theta[k - 1, 0]


def test_a_detour_takes_at_least_the_square_of_its_length():
    """L² <= k ε (J(start) − J(end)) along gradient descent, up to the curvature of a finite step."""
    run = descend(optimizers.sgd, landscapes.mountain(2), [-2.0, 0.05], 4000, learning_rate=0.02)
    length = np.linalg.norm(np.diff(run.theta, axis=0), axis=1).sum()
    least = length**2 / (0.02 * (run.loss[0] - run.loss[-1]))
    assert 0.2 * 4000 < least <= 4000 * 1.01


RIGHT = {
    "steps_until_forgotten": 270, "gain_without_drift": 1.051, "rate_for_spread": 0.0385, "rate_that_holds": 0.03646,
    "least_steps": 240, "mean_best": 0.875, "steps_on_the_chain": 124,
    "fixed_point": lambda h, b: -np.linalg.solve(h, b), "own_search": lambda seen, n: max(set(range(n)) - set(seen)),
}  # fmt: skip
WRONG = {
    "steps_until_forgotten": (269, "round"),
    "gain_without_drift": (1.0, "falls by"),
    "rate_for_spread": (0.04, "dropped"),
    "rate_that_holds": (0.02431, "plain gradient descent"),
    "least_steps": (40, "squared"),
    "mean_best": (1.5, "one"),
    "steps_on_the_chain": (125, "k + 1"),
    "fixed_point": (np.linalg.solve, "sign"),
    "own_search": (lambda seen, n: 0, "asked 0 again"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_exercises_tell_right_from_wrong(name, capsys):
    check = getattr(answers_8_2b, name)
    check(RIGHT[name])
    assert ": right" in capsys.readouterr().out
    wrong, reason = WRONG[name]
    check(wrong)
    told = capsys.readouterr().out
    assert "not yet" in told and reason in told
    check(...)
    assert "no answer yet" in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "told"), [
    (lambda seen, n: 7, "must choose"), (lambda seen, n: None, "must choose"), (3, "should be a function"),
    (lambda seen, n: seen["x"], "KeyError"),
])  # fmt: skip
def test_a_search_that_is_none_is_told_why(answer, told, capsys):
    answers_8_2b.own_search(answer)
    assert told in capsys.readouterr().out


def test_the_hessian_in_exercise_13_is_himmelblaus():
    assert_allclose(landscapes.himmelblau().hessian([3.0, 2.0]), [[74, 20], [20, 34]])
    sharpest = np.linalg.eigvalsh(landscapes.himmelblau().hessian(landscapes.himmelblau().minima[2]))[1]
    assert sharpest == pytest.approx(133.78561521)
