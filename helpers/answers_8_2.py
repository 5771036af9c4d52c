"""The exercises of lesson 8.2.1 to 8.2.4: what is right, and what the usual slips lead to."""

import numpy as np

from helpers import exercises
from helpers.clipping import clip_by_norm


def uphill(answer):
    """Exercise 1: the ε above which a step with g = (2, 1) on H = diag(1, 4) goes uphill: 2·5/(4 + 4)."""
    exercises.number("Exercise 1", answer, 1.25, rtol=0.001, slips={
        0.625: "This is the best ε for this direction, gᵀg/gᵀHg. Uphill begins at twice that.",
        0.5: "This is 2/λ_max, the limit for a step along the steepest axis. g points elsewhere.",
        10: "You divided by 1: gᵀHg = 1·2² + 4·1² is missing.",
        1.0: "2gᵀg/gᵀHg: gᵀg = 2² + 1² = 5.",
    })  # fmt: skip


def predicted_change(answer):
    """Exercise 2: the change of the cost that the Taylor series predicts for a step −εg, (g, Hg, ε) -> number."""
    cases = [
        (np.array([3.0, -1.0]), np.array([2.0, 0.5]), 0.1),
        (np.array([0.5, 2.0, 1.0]), np.array([1.0, 8.0, -2.0]), 0.5),
    ]
    exercises.function("Exercise 2", answer, lambda g, hg, e: -e * g @ g + 0.5 * e**2 * g @ hg, cases, slips={
        "The ½ before ε²gᵀHg is missing.": lambda g, hg, e: -e * g @ g + e**2 * g @ hg,
        "The first term has the wrong sign: a step against the gradient lowers the cost at first.":
            lambda g, hg, e: e * g @ g + 0.5 * e**2 * g @ hg,
        "The second term has the wrong sign: positive curvature costs.":
            lambda g, hg, e: -e * g @ g - 0.5 * e**2 * g @ hg,
        "The step −εg stands twice in gᵀHg, so ε must be squared.": lambda g, hg, e: -e * g @ g + 0.5 * e * g @ hg,
        "This is the gradient's part alone; the curvature is missing.": lambda g, hg, e: -e * g @ g,
    })  # fmt: skip


def equivalent_points(answer):
    """Exercise 3: equivalent points of a tanh net with two hidden layers of four units: (4!)²·2⁸."""
    exercises.number("Exercise 3", answer, 24**2 * 2**8, rtol=1e-9, slips={
        24**2: "These are the orders, (4!)². Each of the eight tanh units can be negated as well.",
        24 * 2**8: "The order can be chosen in each of the two layers: 4! twice.",
        24**2 * 2**4: "Both layers have units that can be negated: eight in all.",
        40320 * 2**8: "Units stay in their layer: 4!·4!, not 8!.",
        24**2 * 8: "Each of the eight units is negated or not: 2⁸, not 8.",
        24 * 2: "The order can be chosen in each of the two layers, and they multiply; so do the signs of eight units.",
    })  # fmt: skip


def reorder(answer):
    """Exercise 4: reorder the hidden units, (into, out, order) -> all weights: columns of the first, rows of the
    next.
    """
    random = np.random.default_rng(0)
    cases = [(random.normal(size=(3, 3)).round(2), random.normal(size=(3, 3)).round(2), np.array(order))
             for order in ((1, 2, 0), (2, 0, 1))]  # fmt: skip

    def right(into, out, order):
        return np.stack([into[:, order], out[order]])

    exercises.function("Exercise 4", answer, right, cases, slips={
        "The weights out of the units stayed where they were: the next layer now listens to the wrong units.":
            lambda into, out, order: np.stack([into[:, order], out]),
        "The weights into the units stayed where they were.": lambda into, out, order: np.stack([into, out[order]]),
        "You reordered the rows of the first matrix: these are the inputs. The units are its columns.":
            lambda into, out, order: np.stack([into[order], out[order]]),
        "You reordered the columns of the second matrix: these are the outputs. The units are its rows.":
            lambda into, out, order: np.stack([into[:, order], out[:, order]]),
        "The second matrix got the inverse order: unit i of the new net must be the same unit in both.":
            lambda into, out, order: np.stack([into[:, order], out[np.argsort(order)]]),
    })  # fmt: skip


def steps_to_leave(answer):
    """Exercise 5: steps to get 1 away from a saddle with λ = −2, ε = 0.05, r₀ = 1e-8: log(1e8)/log(1.1) rounded up."""
    exercises.number("Exercise 5", answer, 194, rtol=1e-6, slips={
        193: "After 193 steps it is not quite there: 193.3 must be rounded up.",
        378: "This is for λ = −1. The growth per step is 1 + ε|λ|.",
        97: "This is half of it: r₀ = 10⁻⁸ needs the whole logarithm.",
        185: "e^{ε|λ|k} grows faster than (1 + ε|λ|)ᵏ: gradient descent makes steps, it does not flow.",
    })  # fmt: skip


def saddle_free(answer):
    """Exercise 6: the saddle-free Newton step, (g, H) -> −|H|⁻¹ g."""

    def book(g, hessian):
        values, vectors = np.linalg.eigh(hessian)
        return -vectors @ ((vectors.T @ g) / np.abs(values))

    cases = [(np.array([1.0, -2.0]), np.diag([2.0, -4.0])), (np.array([0.5, 1.0]), np.array([[1.0, 2.0], [2.0, -1.0]])),
             (np.array([1.0, 1.0]), np.array([[3.0, 1.0], [1.0, 2.0]]))]  # fmt: skip
    exercises.function("Exercise 6", answer, book, cases, slips={
        "This is Newton's step, −H⁻¹g: where the curvature is negative it goes uphill, to the saddle.":
            lambda g, h: -np.linalg.solve(h, g),
        "You took the absolute values of the entries of H; the eigenvalues' are wanted.":
            lambda g, h: -np.linalg.solve(np.abs(h), g),
        "The sign is missing: the step goes against the gradient.": lambda g, h: -book(g, h),
        "You multiplied by |λ|; a Newton step divides.":
            lambda g, h: -(np.linalg.eigh(h)[1] * np.abs(np.linalg.eigvalsh(h))) @ np.linalg.eigh(h)[1].T @ g,
        "You divided by |λ| in the wrong axes: turn g into the eigenvectors' axes first, and back afterwards.":
            lambda g, h: -g / np.abs(np.linalg.eigvalsh(h)),
    })  # fmt: skip


def clip(answer):
    """Exercise 7: clipping by norm, (g, threshold) -> g."""
    cases = [(np.array([3.0, -4.0]), 1.0), (np.array([0.3, 0.4]), 1.0), (np.array([0.0, 6.0, 8.0]), 2.0)]

    def length(g):
        return np.linalg.norm(g)

    exercises.function("Exercise 7", answer, clip_by_norm, cases, slips={
        "You set every gradient to that length; one that is shorter than the threshold must stay as it is.":
            lambda g, c: g * c / length(g),
        "This is clipping by element.": lambda g, c: np.clip(g, -c, c),
        "A long gradient is divided by its length only: multiply by the threshold.":
            lambda g, c: g / length(g) if length(g) > c else g,
        "You divide by the squared norm.": lambda g, c: g * c / length(g) ** 2 if length(g) > c else g,
        "A long gradient is thrown away; it should be shortened.": lambda g, c: g if length(g) <= c else 0 * g,
    })  # fmt: skip


def turned(answer):
    """Exercise 8: by how many degrees clipping by element at 1 turns (4, 1): 45 − 14.04."""
    exercises.number("Exercise 8", answer, 45 - np.degrees(np.arctan(0.25)), rtol=0.005, slips={
        45: "This is the new direction, 45 degrees. By how much did it change?",
        np.degrees(np.arctan(0.25)): "This is the old direction. By how much did it change?",
        np.arctan(1) - np.arctan(0.25): "Right in radians; the question asks for degrees.",
    })  # fmt: skip
