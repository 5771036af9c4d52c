"""The exercises of lesson 8.7.1 to 8.7.3: what is right, and what the usual slips lead to."""

import numpy as np

from helpers import exercises


def chain(answer):
    """Exercise 1: the gradient's prediction −ε l w^(2(l − 1)) for l = 3, w = 2, ε = 0.01."""
    exercises.number("Exercise 1", answer, -0.48, rtol=0.002, slips={
        -0.12: "The change is −ε‖g‖²: each of the three entries of g, 2² = 4, counts with its square.",
        -0.16: "This is the share of one weight. All three move.",
        0.48: "The step is made to bring ŷ down: the change is negative.",
        -0.470464: "This is what really happens, (2 − 0.04)³ − 8. Asked is what the gradient predicts.",
        -0.32: "You took w^(l − 1) = 8. With l = 3 each entry of g is the product of the two other weights, 4.",
    })  # fmt: skip


def batch_norm(answer):
    """Exercise 2: the layer in training, f(z, gamma, beta, delta) -> γ (z − mean)/√(variance + δ) + β."""
    rng = np.random.default_rng(5)
    cases = [
        (rng.normal(1, 2, (6, 3)), np.array([1.0, 2.0, 0.5]), np.array([0.0, -1.0, 3.0]), 0.1),
        (rng.normal(0, 0.3, (3, 3)), np.array([2.0, -1.0, 0.7]), np.array([0.5, 0.2, -0.3]), 1e-3),
    ]

    def layer(z, gamma, beta, delta, axis=0, ddof=0):
        variance = z.var(axis=axis, keepdims=True, ddof=ddof)
        return gamma * (z - z.mean(axis=axis, keepdims=True)) / np.sqrt(variance + delta) + beta

    exercises.function("Exercise 2", answer, layer, cases, slips={
        "Mean and variance were taken over the units of each example (that is layer normalization): use axis=0.":
            lambda z, g, b, d: layer(z, g, b, d, axis=1),
        "Mean and variance were taken over everything at once: each unit has its own, use axis=0.":
            lambda z, g, b, d: g * (z - z.mean()) / np.sqrt(z.var() + d) + b,
        "The variance was divided by m − 1: in training it is the plain mean of the squares.":
            lambda z, g, b, d: layer(z, g, b, d, ddof=1),
        "The root is missing: divide by the standard deviation, not by the variance.":
            lambda z, g, b, d: g * (z - z.mean(0)) / (z.var(0) + d) + b,
        "δ stands inside the root, beside the variance.":
            lambda z, g, b, d: g * (z - z.mean(0)) / (z.std(0) + d) + b,
        "γ and β are missing: this is ẑ.": lambda z, g, b, d: layer(z, 1.0, 0.0, d),
        "γ and β are exchanged.": lambda z, g, b, d: layer(z, b, g, d),
        "δ is missing.": lambda z, g, b, d: layer(z, g, b, 0.0),
    })  # fmt: skip


def same_angle(answer):
    """Exercise 3: weights 7 times as long, gradient 7 times as short: the angle of a step shrinks by 49."""
    exercises.number("Exercise 3", answer, 49.0, slips={
        7.0: "That makes up for the gradient, 7 times smaller. The weights that it must turn are 7 times longer.",
        1 / 7: "The other way: at larger weights the same ε turns them less.",
        1 / 49: "The other way: at larger weights the same ε turns them less.",
        1.0: "The cost is the same there, but the gradient is not.",
    })  # fmt: skip


def batch_of_one(answer):
    """Exercise 4: what a batch-normalized net says of a single digit by its own statistics."""
    exercises.pick("Exercise 4", answer, "constant", {
        "constant": "Each z minus its own mean is 0, so every digit gives the same answer, computed from β alone.",
        "noisy": "There is nothing random in it: what is z − mean for one single example?",
        "right": "It was trained in company: what is z − mean for one single example?",
    })  # fmt: skip


def sweep(answer):
    """Exercise 5: the factor per sweep 1/(1 + a)² for a = 0.5."""
    exercises.number("Exercise 5", answer, 1 / 2.25, slips={
        2 / 3: "This is half a sweep, one coordinate. A sweep is both.",
        2.25: "The distance shrinks: take the inverse.",
        0.25: "This is the factor for a = 1.",
        1 / 3: "Not 1/(1 + 4a): divide H₁₂² = 4 by H₁₁H₂₂ = (2 + 2a)².",
    })  # fmt: skip


def soft_threshold(answer):
    """Exercise 6: the minimizer of ½(θ − v)² + t|θ| for each entry of an array v."""
    cases = [(np.array([-3.0, -0.5, 0.0, 0.2, 1.5]), 1.0), (np.array([0.3, -0.3, 2.0]), 0.25), (np.array([1.0]), 0.0)]

    def right(v, t):
        return np.sign(v) * np.maximum(np.abs(v) - t, 0)

    exercises.function("Exercise 6", answer, right, cases, slips={
        "This is hard thresholding: what is kept must also be pulled towards 0 by t.":
            lambda v, t: np.where(np.abs(v) > t, v, 0.0),
        "Right for positive v; negative ones are cut to 0, they should be raised by t.":
            lambda v, t: np.maximum(v - t, 0.0),
        "Small values were pushed through 0 to the other side: they must stop there.":
            lambda v, t: v - t * np.sign(v),
        "The sign of v got lost.": lambda v, t: np.maximum(np.abs(v) - t, 0.0),
    })  # fmt: skip


def steps_for_variance(answer):
    """Exercise 7: σ²/(λ² t) = 0.001 with σ = 1, λ = 2."""
    exercises.number("Exercise 7", answer, 250, rtol=0.005, slips={
        1000: "That is the answer for λ = 1. The curvature enters squared.",
        500: "The curvature enters squared: σ²/(λ²t).",
        4000: "λ² stands in the denominator: where the valley is steeper, fewer steps are needed.",
    })  # fmt: skip


def uniform_average(answer):
    """Exercise 8: the mean of t points from the mean of the first t − 1 and the newest one."""
    cases = [(np.array([1.0, -2.0]), np.array([4.0, 1.0]), 3), (np.array([7.0, 7.0]), np.array([0.5, 2.0]), 1),
             (np.array([0.0, 1.0]), np.array([1.0, 0.0]), 10)]  # fmt: skip

    def right(average, theta, t):
        return average + (theta - average) / t

    exercises.function("Exercise 8", answer, right, cases, slips={
        "You divided by t + 1: θ is the t-th point, so the mean has t points with it.":
            lambda a, x, t: a + (x - a) / (t + 1),
        "This gives the newest point half of the weight, at every step.": lambda a, x, t: (a + x) / 2,
        "The old average stands for t − 1 points: multiply it by t − 1 before adding.": lambda a, x, t: (a + x) / t,
        "Multiply the old average by t − 1, not by t: it is the mean of t − 1 points.": lambda a, x, t: (t * a + x) / t,
    })  # fmt: skip


def which_average(answer):
    """Exercise 9: which average suits a non-convex problem."""
    exercises.pick("Exercise 9", answer, "exponential", {
        "uniform": "It never forgets: points from quite another region of the parameter space stay in it for ever.",
        "exponential": "It forgets: only about the last 1/(1 − ρ) points count, and these lie near one another.",
        "neither": "Averaging helps there too, as long as the points that are averaged lie in one valley.",
    })  # fmt: skip
