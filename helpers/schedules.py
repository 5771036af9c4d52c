"""Learning rates that change with the step: functions of k = 0, 1, 2, ..., the number of steps already made."""

import numpy as np

from helpers import checks


def linear_decay(initial, end, decay_steps):
    """The linear decay of the learning rate down to step τ, constant afterwards.

    Rule: ε_k = (1 − a) ε_0 + a ε_τ with a = k/τ for k < τ, and ε_k = ε_τ from k = τ on.
    (The book prints a as α, which elsewhere in the chapter is the momentum.)

    Arguments:
        initial: ε_0 >= 0, the rate of the first step; a number or an array (a sweep).
        end: ε_τ >= 0, the rate from step τ on; the book's advice is about 1 % of ε_0.
        decay_steps: τ >= 0, the step at which the decay ends; 0 means the rate ε_τ from the start.

    Returns: a function of k (a whole number or an array of them) that gives ε_k.
    Raises: ValueError for a negative or non-finite argument, for arrays that do not broadcast, and for a negative k.
    Source: Goodfellow et al. 2016, equation 8.14.
    Elsewhere: PyTorch LinearLR(start_factor=1, end_factor=ε_τ/ε_0, total_iters=τ); Keras PolynomialDecay(ε_0, τ, ε_τ);
        Optax linear_schedule(ε_0, ε_τ, τ).
    """
    initial = checks.numbers_or_array("initial", initial, minimum=0)
    end = checks.numbers_or_array("end", end, minimum=0)
    decay_steps = checks.numbers_or_array("decay_steps", decay_steps, minimum=0)
    _check_shapes(initial=initial, end=end, decay_steps=decay_steps)

    def learning_rate(k):
        k = np.asarray(checks.numbers_or_array("k", k, minimum=0))
        with np.errstate(all="ignore"):  # τ = 0: the quotient is not used
            a = np.where(k < decay_steps, k / decay_steps, 1.0)
        rate = (1 - a) * initial + a * end
        return float(rate) if rate.ndim == 0 else rate

    return learning_rate


def power_decay(initial, exponent, offset=1.0):
    """The learning rate ε_k = ε_0 / (1 + k/offset)^exponent, on which the convergence theory of SGD is built.

    Σ ε_k = ∞ together with Σ ε_k² < ∞, which is sufficient for SGD to converge (equations 8.12 and 8.13), holds exactly
    for 1/2 < exponent <= 1. With offset = 1: ε_0/(k + 1)^exponent, which is c/k with k counted from 1.

    Arguments:
        initial: ε_0 >= 0; a number or an array.
        exponent: >= 0; 0 is a constant rate, 1/2 and 1 are the classical choices.
        offset: > 0, the number of steps before the decay is felt.

    Returns: a function of k (a whole number or an array of them).
    Raises: ValueError for an argument out of its range, for arrays that do not broadcast, and for a negative k.
    Source: Robbins & Monro 1951; Goodfellow et al. 2016, section 8.3.1.
    """
    initial = checks.numbers_or_array("initial", initial, minimum=0)
    exponent = checks.numbers_or_array("exponent", exponent, minimum=0)
    offset = checks.numbers_or_array("offset", offset, above=0)
    _check_shapes(initial=initial, exponent=exponent, offset=offset)

    def learning_rate(k):
        k = np.asarray(checks.numbers_or_array("k", k, minimum=0))
        with np.errstate(all="ignore"):  # a denominator beyond 1.8e308: the rate is 0
            rate = np.asarray(initial / (1 + k / offset) ** exponent)
        return float(rate) if rate.ndim == 0 else rate

    return learning_rate


def _check_shapes(**values):
    try:
        np.broadcast_shapes(*(np.shape(value) for value in values.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in values.items())
        checks.fail(next(iter(values)), "of a shape that broadcasts with the other arguments", shapes)
