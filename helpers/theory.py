"""What theory predicts, in closed form or by an exact recursion: the left column of the readouts. And how a rate is
measured.
"""

import numpy as np

from helpers import checks


def _largest_root(b, c):
    """The larger modulus of the two roots of z² − b z + c = 0, for real arrays b, c; complex pairs have the modulus
    √c.
    """
    discriminant = b * b - 4 * c
    real = (np.abs(b) + np.sqrt(np.maximum(discriminant, 0))) / 2
    return np.where(discriminant < 0, np.sqrt(np.maximum(c, 0)), real)


def momentum_rate(learning_rate, momentum, eigenvalues):
    """The factor per step by which momentum approaches the minimum of a quadratic in the end; >= 1 where it does not.

    Along an eigenvector of the Hessian with eigenvalue λ: θ_{k+1} = (1 + α − ελ) θ_k − α θ_{k−1}, so the rate is
    the larger modulus of
    the roots of z² − (1 + α − ελ) z + α; the slowest eigenvector counts. With α = 0 it is plain gradient descent,
    |1 − ελ|.

    Arguments: learning_rate >= 0, momentum in [0, 1), numbers or arrays that broadcast; eigenvalues: shape (n,),
    finite.
    Returns: the rate, of the shape to which learning_rate and momentum broadcast.
    Source: Polyak 1964; Goh 2017 (whose modulus 2√α for complex roots should read √α).
    """
    e, a, eigenvalues = _rates_arguments(learning_rate, momentum, eigenvalues)
    return np.max(_largest_root(1 + a - e * eigenvalues, a), axis=-1)


def nesterov_rate(learning_rate, momentum, eigenvalues):
    """The same for Nesterov momentum: the roots of z² − (1 + α)(1 − ελ) z + α(1 − ελ).

    Source: Sutskever et al. 2013 (on a quadratic it is momentum with α(1 − ελ)); O'Donoghue & Candès 2015.
    """
    e, a, eigenvalues = _rates_arguments(learning_rate, momentum, eigenvalues)
    shrink = 1 - e * eigenvalues
    return np.max(_largest_root((1 + a) * shrink, a * shrink), axis=-1)


def _rates_arguments(learning_rate, momentum, eigenvalues):
    e = np.asarray(checks.numbers_or_array("learning_rate", learning_rate, minimum=0))[..., None]
    a = np.asarray(checks.numbers_or_array("momentum", momentum, minimum=0, below=1))[..., None]
    return e, a, checks.finite_array("eigenvalues", eigenvalues, ndim=1)


def optimal_momentum(smallest, largest):
    """The best pair (ε*, α*) for momentum on a quadratic with eigenvalues from `smallest` to `largest`, both > 0.

    ε* = (2/(√λ₁ + √λₙ))², α* = ((√κ − 1)/(√κ + 1))², and the rate is then √α* = (√κ − 1)/(√κ + 1), κ = λₙ/λ₁.
    Source: Polyak 1964.
    """
    low = np.sqrt(checks.number("smallest", smallest, above=0))
    high = np.sqrt(checks.number("largest", largest, minimum=smallest))
    return (2 / (low + high)) ** 2, ((high - low) / (high + low)) ** 2


def steps_to(precision, rate):
    """How many steps a contraction by `rate` in (0, 1) takes to the fraction `precision` in (0, 1): ⌈ln precision /
    ln rate⌉.
    """
    precision = checks.number("precision", precision, above=0, below=1)
    rate = checks.number("rate", rate, minimum=0)
    if rate >= 1:
        return np.inf
    return 1 if rate == 0 else int(np.ceil(np.log(precision) / np.log(rate)))


def expected_cost(eigenvalues, start, noise, learning_rates):
    """The expected cost of SGD on ½ Σ λ_i θ_i² with gradient noise N(0, noise²) in each component, after each step;
    exact.

    E θ_i² follows m ← (1 − ε_k λ_i)² m + ε_k² noise², and the cost is ½ Σ λ_i m_i.

    Arguments: eigenvalues, start: shape (n,); noise >= 0; learning_rates: ε_0 … ε_{T−1}, shape (T,).
    Returns: shape (T+1,).
    """
    eigenvalues = checks.finite_array("eigenvalues", eigenvalues, ndim=1)
    second_moment = checks.finite_array("start", start, shape=eigenvalues.shape) ** 2
    variance = checks.number("noise", noise, minimum=0) ** 2
    costs = [0.5 * eigenvalues @ second_moment]
    with np.errstate(all="ignore"):
        for rate in checks.finite_array("learning_rates", learning_rates, ndim=1):
            second_moment = (1 - rate * eigenvalues) ** 2 * second_moment + rate**2 * variance
            costs.append(0.5 * eigenvalues @ second_moment)
    return np.array(costs)


def noise_floor(eigenvalues, noise, learning_rate):
    """The expected cost at which SGD with a constant rate comes to rest: ½ Σ ε noise²/(2 − ελ_i); infinite if some
    ελ_i >= 2.
    """
    eigenvalues = checks.finite_array("eigenvalues", eigenvalues, ndim=1)
    rate = checks.number("learning_rate", learning_rate, minimum=0)
    noise = checks.number("noise", noise, minimum=0)
    if np.any(rate * eigenvalues >= 2):
        return np.inf
    return float(0.5 * np.sum(rate * noise**2 / (2 - rate * eigenvalues)))


def measured_rate(theta):
    """The factor per step at which a recorded path (T+1, n) shrinks (or grows), from its second quarter to its end.

    The length of two neighbouring states together is compared, which does not vanish when an oscillation passes
    through 0; what
    overflowed or is too small for floating point is left out. NaN for a path that is too short to say.
    """
    theta = checks.parameters("theta", theta)
    # Each state's largest entry is taken out, so that squaring does not underflow.
    pair = np.concatenate([theta[1:], theta[:-1]], axis=-1)
    with np.errstate(all="ignore"):
        largest = np.abs(pair).max(axis=-1)
        length = np.log(largest) + 0.5 * np.log(np.sum((pair / largest[:, None]) ** 2, axis=-1))
    useful = np.flatnonzero(np.isfinite(length) & (np.abs(length) < 600))
    if len(useful) < 8:
        return np.nan
    first, last = useful[len(useful) // 4], useful[-1]
    return float(np.exp((length[last] - length[first]) / (last - first)))


def slope(x, y):
    """The slope of y against x on doubly logarithmic axes, by least squares: the exponent p of y ∝ x^p."""
    x, y = checks.finite_array("x", x, ndim=1), checks.finite_array("y", y, ndim=1)
    if len(x) != len(y) or len(x) < 2 or np.any(x <= 0) or np.any(y <= 0):
        checks.fail("y", "positive, as long as x and at least 2 long, and x positive", y)
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])
