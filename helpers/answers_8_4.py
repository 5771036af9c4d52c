"""The exercises of lesson 8.4: what is right, and what the usual slips lead to."""

import numpy as np

from helpers import exercises


def equal_units(answer):
    """Exercise 1: the rank of W after training 100 equal hidden units."""
    exercises.number("Exercise 1", answer, 1, rtol=1e-9, slips={
        100: "That many columns, but all of them equal: how many are linearly independent?",
        64: "That is the most a matrix with 64 rows can have. All its columns are equal.",
        10: "The outputs differ from each other, the hidden units do not.",
    })  # fmt: skip


def misprint(answer):
    """Exercise 2: the factor per layer of U(±6/√(m + n)) with m = n = 256."""
    exercises.number("Exercise 2", answer, np.sqrt(6), rtol=0.03, slips={
        6.0: "The variance grows by 6 per layer; the standard deviation by its root.",
        1.0: "That is what the right rule does. Measure the one that is printed here.",
        1 / np.sqrt(3): "That is U(±1/√m).",
        6 / np.sqrt(512): "That is the limit r of the weights. Measure what a layer does to a signal.",
    })  # fmt: skip


def glorot_limit(answer):
    """Exercise 3: write r(m, n)."""
    cases = [(64, 64), (100, 400), (7, 1), (300, 50)]
    exercises.function("Exercise 3", answer, lambda m, n: np.sqrt(6 / (m + n)), cases, slips={
        "The root covers the 6 too: this is the misprint of the notes.": lambda m, n: 6 / np.sqrt(m + n),
        "The root covers the sum too.": lambda m, n: np.sqrt(6) / (m + n),
        "This is the standard deviation of Glorot's weights. A uniform distribution of it reaches √3 times further.":
            lambda m, n: np.sqrt(2 / (m + n)),
        "This is the limit that keeps the forward pass alone. Where is n?": lambda m, n: np.sqrt(3 / m),
        "This is U(±1/√m).": lambda m, n: 1 / np.sqrt(m),
    })  # fmt: skip


def wider(answer):
    """Exercise 4: forward factor of a layer of 100 inputs and 400 units with Glorot's weights: √(2·100/500)."""
    exercises.number("Exercise 4", answer, np.sqrt(0.4), slips={
        np.sqrt(1.6): "That is what the layer does to the gradient on its way back, √(n Var W).",
        0.4: "That is the factor on the variance. Take its root.",
        1.0: "Only where m = n. Glorot's rule is a compromise.",
    })  # fmt: skip


def relu_depth(answer):
    """Exercise 5: the factor of 30 ReLU layers of equal width with Glorot weights: each one halves the mean square."""
    exercises.number("Exercise 5", answer, 2.0**-15, rtol=0.02, slips={
        2.0**-30: "Each layer halves the mean square. The question is for its root.",
        1.0: "For linear units it would be. A rectifier throws half of the mean square away.",
        2.0**-0.5: "That is one layer.",
    })  # fmt: skip


def leaky_gain(answer):
    """Exercise 6: the gain for leaky ReLU with slope 0.2: √(2/(1 + 0.2²))."""
    exercises.number("Exercise 6", answer, np.sqrt(2 / 1.04), rtol=0.002, slips={
        np.sqrt(2): "That is ReLU's. Now the negative half keeps 0.2² = 0.04 of its mean square.",
        np.sqrt(2 / 1.2): "The negative half keeps 0.2² of its mean square, not 0.2.",
        2 / 1.04: "That is the gain squared.",
    })  # fmt: skip


def sparse_sum(answer):
    """Exercise 7: rms of z for 15 weights from N(0, 1) and inputs of rms 1."""
    exercises.number("Exercise 7", answer, np.sqrt(15), slips={
        15: "The variances add up, to 15. The question is for the root mean square.",
        1.0: "That would be weights of variance 1/15.",
        np.sqrt(1000): "That is a dense unit. Only 15 of the 1,000 weights are not 0.",
    })  # fmt: skip


def output_biases(answer):
    """Exercise 8: output biases from class counts; softmax does not notice a constant that is added to all."""
    cases = [(np.array([900.0, 90.0, 10.0]),), (np.array([5.0, 5.0]),), (np.array([1.0, 2.0, 3.0, 4.0]),)]

    def softmax(b):
        b = np.asarray(b, dtype=float)
        e = np.exp(b - b.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    if callable(answer):
        inner = answer

        def answer(counts):
            given = inner(counts)
            return given if given is None or given is ... else softmax(given)

    exercises.function("Exercise 8 (softmax of your biases)", answer, lambda n: n / n.sum(), cases, slips={
        "These are the shares themselves. Softmax takes exponentials, so the biases must be logarithms.":
            lambda n: softmax(n / n.sum()),
        "The sign is the other one: frequent classes need large biases.": lambda n: (1 / n) / (1 / n).sum(),
        "All biases are equal: then all classes are equally likely.": lambda n: np.full(n.shape, 1 / len(n)),
        "This is the logit of each share, made for one sigmoid per class. A softmax wants log c.":
            lambda n: softmax(np.log(n / n.sum()) - np.log1p(-n / n.sum())),
    })  # fmt: skip


def gate_bias(answer):
    """Exercise 9: the bias that keeps half after 20 steps: σ(b)^20 = 1/2."""
    gate = 0.5 ** (1 / 20)
    exercises.number("Exercise 9", answer, np.log(gate / (1 - gate)), rtol=0.01, slips={
        gate: "That is σ(b), what one step leaves. Solve for b.",
        np.log(20): "Close to a rule of thumb, b = ln t, by which 1/e of the content is left.",
        0.05: "That is the 1/20 that may be lost per step, roughly. Solve σ(b)^20 = 1/2.",
    })  # fmt: skip


def which_scale(answer):
    """Exercise 10: which scale generalizes best, compared with the one that trains best."""
    exercises.pick("Exercise 10", answer, "smaller", {
        "larger": "Look at the two stars: the blue one stands to the left of the other.",
        "the same": "Were it so, initialization would be a question of optimization alone. Look at the two stars.",
        "smaller": "The largest scales train fastest and read new digits worst.",
    })  # fmt: skip
