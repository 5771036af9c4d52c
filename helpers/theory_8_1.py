"""What theory says in lesson 8.1: risks of least squares, filters, margins, and the noise of minibatch gradients."""

from math import erf
from typing import NamedTuple

import numpy as np

from helpers import checks


class LeastSquaresRisks(NamedTuple):
    """Mean squared errors, averaged over training sets: on the training set, and on new examples of two kinds."""

    training: float
    same_inputs: float
    fresh_inputs: float


def least_squares_risks(num_features, num_examples, sigma, signal=1.0):
    """The mean squared errors of least squares with Gaussian inputs, averaged over the training sets; exact.

    y = θ*·x + noise, x ∼ N(0, I) with p features, noise of standard deviation σ, n examples, r = min(p, n):
    training σ²(1 − r/n); new noise at the same inputs σ²(1 + r/n); new inputs σ²(1 + p/(n − p − 1)) for n > p + 1. For
    n < p − 1 the solution of least norm fits the training set exactly, and new inputs cost
    σ²(1 + n/(p − n − 1)) + (1 − n/p) ‖θ*‖². Between those two the mean is infinite.

    Arguments: num_features p >= 1; num_examples n >= 1; sigma >= 0; signal: ‖θ*‖ >= 0.
    Returns: LeastSquaresRisks. (For n < p the second one is 2σ² whatever the signal, since the fit is exact.)
    Source: Breiman & Freedman 1983 (n > p + 1); Belkin, Hsu & Xu 2020 and Hastie et al. 2022 (n < p − 1).
    """
    p = checks.integer("num_features", num_features, minimum=1)
    n = checks.integer("num_examples", num_examples, minimum=1)
    variance = checks.number("sigma", sigma, minimum=0) ** 2
    power = checks.number("signal", signal, minimum=0) ** 2
    share = min(p, n) / n
    if n > p + 1:
        fresh = variance * (1 + p / (n - p - 1))
    elif n < p - 1:
        fresh = variance * (1 + n / (p - n - 1)) + (1 - n / p) * power
    else:
        fresh = np.inf
    return LeastSquaresRisks(variance * (1 - share), variance * (1 + share), fresh)


def descent_filter(eigenvalues, learning_rate, num_steps):
    """How much of the least-squares solution gradient descent from 0 has found after k steps: 1 − (1 − ελ)^k.

    Along each eigenvector of the Hessian of a quadratic cost, with eigenvalue λ >= 0. Where ελ > 2 it diverges.

    Arguments: eigenvalues: any shape; learning_rate ε >= 0; num_steps k >= 0, numbers that broadcast with them.
    Source: Goodfellow et al. 2016, section 7.8.
    """
    ratio = checks.numbers_or_array("learning_rate", learning_rate, minimum=0) * np.asarray(eigenvalues, float)
    with np.errstate(all="ignore"):
        return 1 - (1 - ratio) ** np.asarray(num_steps)


def descent_costs(features, targets, learning_rate, num_steps):
    """The training cost after 0, 1, ... steps of gradient descent from 0 on mean((Φθ − y)²), by eigenvalues; exact.

    H = 2ΦᵀΦ/n has eigenvalues λ_i, and b = 2Φᵀy/n the components b_i: J_k = mean(y²) − ½ Σ (1 − (1 − ελ_i)^{2k})
    b_i²/λ_i.

    Arguments: features Φ (n, p); targets y (n,); learning_rate ε >= 0; num_steps T >= 0.
    Returns: shape (T + 1,).
    """
    features = checks.finite_array("features", features, ndim=2)
    targets = checks.finite_array("targets", targets, shape=features.shape[:1])
    eigenvalues, axes = np.linalg.eigh(2 * features.T @ features / len(targets))
    slope = axes.T @ (2 * features.T @ targets / len(targets))
    known = eigenvalues > 1e-12 * eigenvalues[-1]  # where λ is 0 the slope is 0 too
    steps = np.arange(checks.integer("num_steps", num_steps, minimum=0) + 1)[:, None]
    gains = descent_filter(eigenvalues[known], learning_rate, 2 * steps) @ (slope[known] ** 2 / eigenvalues[known])
    return np.mean(targets**2) - gains / 2


def ridge_filter(eigenvalues, penalty):
    """How much of the least-squares solution the penalty ½ω‖θ‖² leaves along an eigenvector: λ/(λ + ω), ω > 0.

    Source: Goodfellow et al. 2016, section 7.1.1.
    """
    eigenvalues = np.asarray(eigenvalues, float)
    return eigenvalues / (eigenvalues + checks.numbers_or_array("penalty", penalty, above=0))


def largest_margin(signed_inputs):
    """The shortest w with w·z_i >= 1 for all i of a data set in the plane, or None if there is none.

    z_i = y_i x_i, labels y_i = ±1, no bias. Its largest margin is γ = 1/‖w‖: no line through 0 is further from the
    nearest example. At the solution one or two examples have w·z = 1 and determine w, so all singles and pairs are
    tried; that is exact.

    Arguments: signed_inputs: the z_i, shape (n, 2).
    Returns: w of shape (2,), or None if no line through 0 separates the classes.
    Source: Boser, Guyon & Vapnik 1992; for what logistic regression has to do with it, Soudry et al. 2018.
    """
    z = checks.finite_array("signed_inputs", signed_inputs, ndim=2)
    if z.shape[1] != 2 or not len(z):
        checks.fail("signed_inputs", "of shape (n, 2)", f"shape {z.shape}")
    first, second = np.triu_indices(len(z), 1)
    pairs = np.stack([z[first], z[second]], axis=1)
    pairs = pairs[np.abs(np.linalg.det(pairs)) > 1e-12]
    squares = np.sum(z**2, axis=1, keepdims=True)
    single = z[squares[:, 0] > 0] / squares[squares[:, 0] > 0]
    double = np.linalg.solve(pairs, np.ones((len(pairs), 2, 1)))[..., 0]
    candidates = np.concatenate([single, double])
    candidates = candidates[np.all(candidates @ z.T >= 1 - 1e-9, axis=1)]
    return candidates[np.argmin(np.sum(candidates**2, axis=1))] if len(candidates) else None


def standard_error(sigma, batch_size, population=None):
    """The root mean square error of a mean over a minibatch: σ/√m, drawn with replacement.

    Without replacement from a `population` of N examples, whose standard deviation is σ, its square is smaller by the
    factor (N − m)/(N − 1): the whole set has no error.

    Arguments: sigma >= 0; batch_size m >= 1; population N >= m, or None for drawing with replacement.
    Source: Goodfellow et al. 2016, equation 5.46 and section 8.1.3; Cochran 1977 for the factor.
    """
    sigma = checks.number("sigma", sigma, minimum=0)
    m = checks.integer("batch_size", batch_size, minimum=1)
    if population is None:
        return sigma / np.sqrt(m)
    population = checks.integer("population", population, minimum=max(m, 2))
    return sigma / np.sqrt(m) * np.sqrt((population - m) / (population - 1))


def downhill_share(mean, spread):
    """The share of minibatches whose gradient has a positive component along the full gradient, if it is normal.

    Φ(mean/spread), Φ the normal distribution function; `mean` ‖g‖ >= 0 and `spread` the component's standard error.
    """
    mean, spread = checks.number("mean", mean, minimum=0), checks.number("spread", spread, minimum=0)
    return 1.0 if spread == 0 else 0.5 * (1 + erf(mean / spread / np.sqrt(2)))


def relative_errors(eigenvalues, theta, sigma, batch_size):
    """The relative noise in a gradient and in a Newton step on a quadratic with its minimum at 0.

    g = Hθ, seen with noise of standard deviation σ/√m in each of its components: √n σ/(√m ‖g‖) for the gradient, and
    σ √(Σ 1/λ_i²)/(√m ‖θ‖) for H⁻¹g = θ. The second is at most κ times the first, κ = λ_max/λ_min.

    Arguments: eigenvalues: those of H, > 0, shape (n,); theta: in the eigenvectors' coordinates, not 0, shape (n,).
    Returns: (of the gradient, of the Newton step).
    """
    eigenvalues = checks.finite_array("eigenvalues", eigenvalues, ndim=1)
    theta = checks.finite_array("theta", theta, shape=eigenvalues.shape)
    noise = standard_error(sigma, batch_size)
    with np.errstate(divide="ignore"):
        gradient = noise * np.sqrt(len(theta)) / np.linalg.norm(eigenvalues * theta)
        newton = noise * np.linalg.norm(1 / eigenvalues) / np.linalg.norm(theta)
    return float(gradient), float(newton)


ORDERS = ("sorted", "shuffled once", "reshuffled", "with replacement")


def order_spread(values, order, learning_rate, batch_size):
    """How far SGD ends from the mean of `values` at the ends of its epochs, in the long run, root mean square; exact.

    The cost is the mean of ½(θ − c_i)², so a minibatch with mean c̄ moves θ to θ + ε(c̄ − θ). After an epoch of B
    minibatches θ' = qθ + Σ_j w_j c̄_j with q = (1 − ε)^B and w_j = ε(1 − ε)^(B−1−j). "sorted" keeps the order of
    `values`; "shuffled once" keeps a random one; "reshuffled" draws a new one every epoch; "with replacement" draws
    every example anew.

    Arguments: values: the c_i, shape (N,), N >= 2; order: one of ORDERS; learning_rate ε in (0, 1]; batch_size m, a
    divisor of N.
    Source: sampling without replacement (Cochran 1977) put into the recursion.
    """
    values = checks.finite_array("values", values, ndim=1)
    checks.choice("order", order, ORDERS)
    rate = checks.number("learning_rate", learning_rate, above=0, maximum=1)
    m = checks.integer("batch_size", batch_size, minimum=1, maximum=len(values))
    if len(values) % m or len(values) < 2:
        checks.fail("batch_size", f"a divisor of the {len(values)} values, at least two", m)
    variance, size = values.var(), len(values)
    if order == "with replacement":
        return float(np.sqrt(rate * variance / m / (2 - rate)))
    num_batches = size // m
    weights = rate * (1 - rate) ** np.arange(num_batches - 1, -1, -1)
    stays = (1 - rate) ** num_batches
    if order == "sorted":
        end = weights @ values.reshape(num_batches, m).mean(axis=1) / (1 - stays)
        return float(abs(end - values.mean()))
    each = np.repeat(weights / m, m)
    one_epoch = variance * size / (size - 1) * np.sum((each - each.mean()) ** 2)
    return float(np.sqrt(one_epoch / ((1 - stays) ** 2 if order == "shuffled once" else 1 - stays**2)))


def stream_risk(dimension, sigma, distance, learning_rate, num_steps):
    """The true risk of SGD on least squares while every example is new, averaged over the examples; exact.

    x ∼ N(0, I), y = θ*·x + noise of standard deviation σ, cost (θ·x − y)², one example a step. With h = 2ε:
    E‖θ − θ*‖² ← (1 − 2h + h²(p + 2)) E‖θ − θ*‖² + h² p σ², and J* = σ² + E‖θ − θ*‖².

    Arguments: dimension p >= 1; sigma >= 0; distance ‖θ_0 − θ*‖ >= 0; learning_rate ε >= 0; num_steps >= 0.
    Returns: J* after 0, 1, ... steps, shape (num_steps + 1,).
    Source: the fourth moments of the normal distribution (Isserlis 1918).
    """
    p = checks.integer("dimension", dimension, minimum=1)
    variance = checks.number("sigma", sigma, minimum=0) ** 2
    square = checks.number("distance", distance, minimum=0) ** 2
    step = 2 * checks.number("learning_rate", learning_rate, minimum=0)
    squares = [square]
    for _ in range(checks.integer("num_steps", num_steps, minimum=0)):
        square = (1 - 2 * step + step**2 * (p + 2)) * square + step**2 * p * variance
        squares.append(square)
    return variance + np.array(squares)
