"""The exercises of lessons 8.2.5 to 8.2.8: what is right, and what the usual slips lead to."""

import itertools

import numpy as np

from helpers import exercises, theory_8_2b


def steps_until_forgotten(answer):
    """Exercise 9: the first t with 0.95^t <= 1e-6."""
    exercises.number("Exercise 9", answer, 270, rtol=1e-6, slips={
        269: "After 269 steps 1.01 millionths are left: round ln 10⁻⁶/ln 0.95 up.",
        20: "1/(1 − 0.95) = 20 steps only bring it to about 0.36.",
        135: "This is where a thousandth is left: 10⁻⁶ is a thousandth of a thousandth.",
    })  # fmt: skip


def gain_without_drift(answer):
    """Exercise 10: the gain exp(1/(2n)) for n = 10; the exact one, 1.0530, is right too."""
    exact = float(np.exp(-theory_8_2b.layer_growth(10)[0]))
    exercises.number("Exercise 10", answer, float(np.exp(0.05)), rtol=1.01 * (exact / np.exp(0.05) - 1), slips={
        1.0: "With gain 1 the mean of ln ‖x‖ falls by 1/(2n) per layer.",
        float(np.exp(0.1)): "That would cancel a drift of 1/n. It is 1/(2n).",
        float(np.exp(-0.05)): "The wrong way round: the drift is downwards, so the gain must be above 1.",
        0.05: "This is the logarithm of the gain.",
    })  # fmt: skip


def rate_for_spread(answer):
    """Exercise 11: εσ²/(λ(2 − ελ)) = 0.1² with λ = 2, σ = 1."""
    exercises.number("Exercise 11", answer, 0.04 / 1.04, rtol=0.005, slips={
        0.04: "You dropped the ε in 2 − ελ: close for small rates, not exact.",
        0.4 / 1.4: "This gives a variance of 0.1. Asked is a standard deviation of 0.1: its square is the variance.",
        0.02 / 1.01: "λ is 2 here, also in front of the bracket.",
    })  # fmt: skip


def fixed_point(answer):
    """Exercise 12: where a gradient with constant bias comes to rest, (H, b) -> −H⁻¹b."""
    cases = [
        (np.array([[3.0, 2.0], [2.0, 3.0]]), np.array([1.0, 0.0])),
        (np.diag([1.0, 4.0]), np.array([-0.5, 2.0])),
        (np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 3.0]]), np.array([1.0, -1.0, 0.5])),
    ]
    exercises.function("Exercise 12", answer, lambda h, b: -np.linalg.solve(h, b), cases, slips={
        "The sign is the other one: at rest Hθ + b = 0.": lambda h, b: np.linalg.solve(h, b),
        "You divided by the diagonal of H. Its axes are not the coordinate axes: solve Hθ = −b.":
            lambda h, b: -b / np.diag(h),
        "This is −Hb. The shift is larger where the curvature is smaller: −H⁻¹b.": lambda h, b: -h @ b,
        "This is −b, which would be right for H = I.": lambda h, b: -b,
    }, rtol=1e-6)  # fmt: skip


def rate_that_holds(answer):
    """Exercise 13: the largest ε at which Himmelblau's minimum (3, 2) holds a run of momentum with α = 0.5."""
    curvatures = np.linalg.eigvalsh([[74.0, 20.0], [20.0, 34.0]])  # the Hessian at (3, 2)
    exercises.number("Exercise 13", answer, 3 / curvatures[1], rtol=0.005, slips={
        2 / curvatures[1]: "This is the limit of plain gradient descent. With momentum it is 2(1 + α)/λₙ.",
        3 / curvatures[0]: "The sharpest direction counts: take the largest eigenvalue of the Hessian.",
        3 / 133.78561521: "This is the limit of C, the sharpest of the four minima. Asked is A, at (3, 2).",
        4 / curvatures[1]: "2(1 + α) is 3 for α = 0.5.",
    })  # fmt: skip


def least_steps(answer):
    """Exercise 14: at least L²/(ε ΔJ) steps for a path of length 6 that falls by 1.5, with ε = 0.1."""
    exercises.number("Exercise 14", answer, 240, rtol=1e-6, slips={
        40: "The length enters squared.",
        24: "ε stands in the denominator: smaller steps, more of them.",
        360: "ΔJ is missing.",
    })  # fmt: skip


def mean_best(answer):
    """Exercise 15: the mean lowest of two evaluations over all functions to {0, 1, 2, 3}."""
    exercises.number("Exercise 15", answer, 0.875, rtol=0.005, slips={
        1.5: "This is the mean after one evaluation.",
        5 / 9: "This is for three values, 0 to 2.",
        1.875: "The sum Σ P(best ≥ v) begins with v = 1, not with v = 0.",
    })  # fmt: skip


def own_search(answer):
    """Exercise 16: a strategy (seen, n) -> point of the reader's own, tried on all functions of 4 points to {0, 1, 2}.

    seen: dict {point asked: its value}, in the order in which they were asked; n: the number of points 0 … n − 1.
    """
    if answer is ...:
        print("Exercise 16: no answer yet. Put yours in the place of the three dots and run the cell again.")
        return
    if not callable(answer):
        print("Exercise 16: the answer should be a function of seen and n.")
        return
    functions = list(itertools.product(range(3), repeat=4))
    best = []
    for f in functions:
        seen = {}
        for k in range(4):
            try:
                point = answer(dict(seen), 4)
            except Exception as error:
                print(f"Exercise 16: not yet. With seen = {seen} it raised {type(error).__name__}: {error}")
                return
            if isinstance(point, bool) or point not in range(4):
                print(f"Exercise 16: not yet. With seen = {seen} it chose {point!r}; it must choose one of 0, 1, 2, 3.")
                return
            if point in seen:
                print(f"Exercise 16: not yet. With seen = {seen} it asked {point} again. That is the one way to be "
                      f"worse than the rest: an evaluation that tells nothing ({k} of 4 used well).")  # fmt: skip
                return
            seen[int(point)] = f[int(point)]
        best.append(np.minimum.accumulate(list(seen.values())))
    means = np.mean(best, axis=0)
    text = ", ".join(f"{mean:.3f}" for mean in means)
    print(f"Exercise 16: right, a valid search. Over all {len(functions)} functions its mean best is {text}: "
          "exactly that of every other search.")  # fmt: skip


def steps_on_the_chain(answer):
    """Exercise 17: the least k with 1/(8(k + 1)) <= 0.001."""
    exercises.number("Exercise 17", answer, 124, rtol=1e-6, slips={
        125: "1/(8(k + 1)) = 0.001 at k + 1 = 125.",
        1000: "The ⅛ is missing.",
        999: "The ⅛ is missing.",
    })  # fmt: skip
