"""What theory predicts in lessons 8.2.5 to 8.2.8: products of random matrices, inexact gradients, paths, searches."""

import numpy as np

from helpers import checks


def _polygamma(order, x):
    """ψ(x) (order 0) or ψ′(x) (order 1) for x > 0: shifted to x >= 10 by recurrence, there by the asymptotic series."""
    total = 0.0
    while x < 10:
        total += 1 / x**2 if order else -1 / x
        x += 1
    if order:
        return total + 1 / x + 1 / (2 * x**2) + 1 / (6 * x**3) - 1 / (30 * x**5) + 1 / (42 * x**7) - 1 / (30 * x**9)
    return total + np.log(x) - 1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4) - 1 / (252 * x**6) + 1 / (240 * x**8)


def layer_growth(width, gain=1.0):
    """Mean and variance of ln(‖Wx‖/‖x‖) for a fresh n × n matrix W of independent N(0, gain²/n) entries, x fixed.

    Given x, ‖Wx‖² is gain²‖x‖²/n times a chi-squared variable with n degrees of freedom, whatever the direction of x.
    So the growths of successive fresh layers are independent, each with mean ln gain + ½(ψ(n/2) − ln(n/2)), nearly
    ln gain − 1/(2n), and variance ¼ψ′(n/2), nearly 1/(2n).

    Arguments: width: n >= 1; gain > 0. Returns: (mean, variance).
    Source: Sussillo & Abbott 2014, Random walk initialization for training very deep feedforward networks.
    """
    half = checks.integer("width", width, minimum=1) / 2
    gain = checks.number("gain", gain, above=0)
    return float(np.log(gain) + 0.5 * (_polygamma(0, half) - np.log(half))), float(0.25 * _polygamma(1, half))


def inexact_moments(curvatures, start, learning_rate, noise, bias, num_steps):
    """Mean and variance of gradient descent on ½ Σ λ_i θ_i² whose gradient carries a constant bias and white noise.

    Along each axis θ ← θ − ε(λθ + b + σξ), ξ ~ N(0, 1): the mean follows m ← m − ε(λm + b), the variance
    v ← (1 − ελ)² v + ε²σ², from v = 0. A bowl ½ θᵀHθ is of this form in the coordinates of its eigenvectors.

    Arguments: curvatures, start, bias: shape (n,); learning_rate, noise >= 0; num_steps >= 1.
    Returns: means and variances, each (num_steps + 1, n); they overflow to infinity where the run diverges.
    """
    curvatures = checks.finite_array("curvatures", curvatures, ndim=1)
    mean = checks.finite_array("start", start, shape=curvatures.shape)
    bias = checks.finite_array("bias", bias, shape=curvatures.shape)
    rate = checks.number("learning_rate", learning_rate, minimum=0)
    added = (rate * checks.number("noise", noise, minimum=0)) ** 2
    shrink, means, variances = 1 - rate * curvatures, [mean], [np.zeros(len(mean))]
    with np.errstate(all="ignore"):
        for _ in range(checks.integer("num_steps", num_steps, minimum=1)):
            means.append(shrink * means[-1] - rate * bias)
            variances.append(shrink**2 * variances[-1] + added)
    return np.array(means), np.array(variances)


def stationary_variance(curvature, learning_rate, noise):
    """The variance at which SGD with a constant rate comes to rest along an axis: εσ²/(λ(2 − ελ)); ∞ if ελ >= 2.

    Arguments: curvature: λ > 0, a number or array; learning_rate: ε >= 0; noise: σ >= 0, of each gradient component.
    """
    curvature = np.asarray(checks.numbers_or_array("curvature", curvature, above=0))
    rate, noise = checks.number("learning_rate", learning_rate, minimum=0), checks.number("noise", noise, minimum=0)
    left = 2 - rate * curvature
    return np.where(left > 0, rate * noise**2 / (curvature * np.where(left > 0, left, 1)), np.inf)


def tail_distance(start, learning_rate, tilt, num_steps):
    """How far gradient descent has rolled on landscapes.mountain() after k steps, far from the mountain.

    There the slope is (1 − tilt)/x² on the left and −(1 + tilt)/x² on the right, so |x|³ grows by 3ε(1 ∓ tilt) a step.

    Arguments: start: x, not 0, far out; learning_rate >= 0; tilt in (0, 1); num_steps: k >= 0.
    Returns: |x| after k steps.
    """
    start = checks.number("start", start)
    rate, tilt = checks.number("learning_rate", learning_rate, minimum=0), checks.number("tilt", tilt, 0, 1)
    strength = 1 + tilt if start > 0 else 1 - tilt
    return float(np.cbrt(abs(start) ** 3 + 3 * rate * strength * checks.integer("num_steps", num_steps, minimum=0)))


def random_walk_shares(num_steps, count=2):
    """The shares of variance in the first principal directions of a random walk in very many dimensions.

    The centred positions x_0 … x_T have the covariance of time with time that is the pseudo-inverse of the Laplacian
    of a path of T + 1 nodes: its eigenvalues are 1/(2 − 2 cos(πk/(T + 1))), so the shares are nearly 6/(π²k²),
    0.608, 0.152, …, and the walk projected on them draws cosines.

    Arguments: num_steps: T >= 1; count: of shares, 1 … T. Returns: shape (count,).
    Source: Antognini & Sohl-Dickstein 2018, PCA of high dimensional random walks with comparison to neural network
        training.
    """
    num_steps = checks.integer("num_steps", num_steps, minimum=1)
    k = np.arange(1, num_steps + 1)
    variances = 1 / (2 - 2 * np.cos(np.pi * k / (num_steps + 1)))
    return variances[: checks.integer("count", count, minimum=1, maximum=num_steps)] / variances.sum()


def best_so_far(num_values, num_evaluations):
    """The distribution of the lowest of k evaluations, averaged over all functions to {0, …, m − 1}.

    Over all functions from a finite domain, values at points not yet seen are independent and uniform whatever was
    seen before. So for any search that never asks the same point twice P(best >= v) = ((m − v)/m)^k.

    Arguments: num_values: m >= 1; num_evaluations: k >= 0 (with k = 0 nothing is known yet: best counts as m − 1).
    Returns: (mean, probabilities of best = 0 … m − 1).
    Source: Wolpert & Macready 1997, No free lunch theorems for optimization.
    """
    m = checks.integer("num_values", num_values, minimum=1)
    k = checks.integer("num_evaluations", num_evaluations, minimum=0)
    at_least = ((m - np.arange(m + 1)) / m) ** k if k else np.r_[np.ones(m), 0.0]
    return float(at_least[1:-1].sum() if k else m - 1), -np.diff(at_least) if k else np.eye(m)[-1]


def chain_excess(num_steps, dimension):
    """The least excess cost that any first-order method can have on Nesterov's chain after k steps from 0.

    The chain is ½ xᵀAx − x_1/4 with A = tridiag(−1, 2, −1)/4, whose largest curvature is below 1. After k steps only
    the first k coordinates can differ from 0, and the best choice of those costs −k/(8(k + 1)).

    Arguments: num_steps: k >= 0, a whole number or an array of them; dimension: n >= 1.
    Returns: ⅛(1/(k + 1) − 1/(n + 1)) for k < n, 0 from k = n on, of the shape of num_steps.
    Source: Nesterov 2004, Introductory Lectures on Convex Optimization, section 2.1.2.
    """
    n = checks.integer("dimension", dimension, minimum=1)
    k = np.asarray(checks.numbers_or_array("num_steps", num_steps, minimum=0))
    return np.maximum(1 / (k + 1) - 1 / (n + 1), 0) / 8
