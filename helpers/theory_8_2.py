"""What theory predicts in lesson 8.2.1 to 8.2.4, in closed form or by an exact recursion."""

from math import gamma

import numpy as np

from helpers import checks
from helpers.landscapes import Landscape


def uphill_rate(gradient, hessian):
    """The learning rate above which a gradient step on a quadratic goes uphill: 2 gᵀg/(gᵀHg); infinite if gᵀHg <= 0.

    From J(θ − εg) = J − ε gᵀg + ½ ε² gᵀHg. It lies between 2/λ_max and 2/λ_min of H.

    Arguments: gradient: g, shape (n,), not 0; hessian: H, shape (n, n).
    Source: Goodfellow et al. 2016, section 8.2.1, equation 8.10 and before it section 4.3.1.
    """
    g = checks.finite_array("gradient", gradient, ndim=1)
    hessian = checks.finite_array("hessian", hessian, shape=(len(g), len(g)))
    square, curved = float(g @ g), float(g @ hessian @ g)
    if square == 0:
        checks.fail("gradient", "not zero: without a gradient there is no step", gradient)
    return 2 * square / curved if curved > 0 else np.inf


def escape_growth(learning_rate, curvature, momentum=0.0):
    """The factor per step by which the distance from a saddle grows along a direction of negative curvature.

    Along an eigenvector with eigenvalue −|λ| gradient descent multiplies by 1 + ε|λ|; momentum, in the end, by the
    larger root of z² − (1 + α + ε|λ|) z + α.

    Arguments: learning_rate ε >= 0; curvature |λ| >= 0; momentum α in [0, 1).
    """
    rate = checks.number("learning_rate", learning_rate, minimum=0)
    curvature = checks.number("curvature", curvature, minimum=0)
    alpha = checks.number("momentum", momentum, minimum=0, below=1)
    b = 1 + alpha + rate * curvature
    return float((b + np.sqrt(b * b - 4 * alpha)) / 2)


def escape_distance(steps, learning_rate, curvature, distance, momentum=0.0):
    """The distance from a saddle, along a direction of curvature −|λ|, of a run that starts at rest at `distance`.

    Gradient descent: r_k = r₀ (1 + ε|λ|)ᵏ. With momentum two powers mix, r_k = r₀ (c z₁ᵏ + (1 − c) z₂ᵏ), with the roots
    z₁ > 1 > z₂ = α/z₁ of escape_growth and c = (1 + ε|λ| − z₂)/(z₁ − z₂), so that the first step is ε|λ| r₀.

    Arguments: steps: k, a number or an array; the others as for escape_growth, distance r₀ > 0.
    """
    big = escape_growth(learning_rate, curvature, momentum)
    small = momentum / big
    share = (1 + learning_rate * curvature - small) / (big - small)
    k = np.asarray(steps, float)
    with np.errstate(all="ignore"):
        return distance * (share * big**k + (1 - share) * small**k)


def escape_steps(learning_rate, curvature, distance, momentum=0.0):
    """After how many steps a run that starts at rest, `distance` r₀ from a saddle, is 1 away: a whole number.

    Gradient descent: the first k with r₀ (1 + ε|λ|)ᵏ >= 1, so log(1/r₀)/log(1 + ε|λ|) rounded up.

    Arguments: as for escape_distance, with ε|λ| > 0 and distance in (0, 1).
    """
    distance = checks.number("distance", distance, above=0, below=1)
    checks.number("learning_rate × curvature", learning_rate * curvature, above=0)
    # The larger root alone, with its share > 1, is ahead of the run: so this k is never too large.
    big = escape_growth(learning_rate, curvature, momentum)
    share = (1 + learning_rate * curvature - momentum / big) / (big - momentum / big)
    k = max(int(np.log(1 / (distance * share)) / np.log(big)) - 1, 0)
    while escape_distance(k, learning_rate, curvature, distance, momentum) < 1 - 1e-12:
        k += 1
    return k


def monkey_escape_steps(learning_rate, distance, momentum=0.0):
    """About how many steps it takes to get 1 away down a monkey saddle, with curvature 0: (1/r₀ − 1)(1 − α)/(3ε).

    Straight down one of its three valleys dr/dk = 3ε r²/(1 − α) for small ε: 1/r falls evenly.

    Arguments: learning_rate ε > 0; distance r₀ in (0, 1), a number or an array; momentum α in [0, 1).
    """
    rate = checks.number("learning_rate", learning_rate, above=0)
    distance = np.asarray(checks.numbers_or_array("distance", distance, above=0, maximum=1))
    return (1 / distance - 1) * (1 - momentum) / (3 * rate)


def positive_definite_probability(n):
    """The probability that all eigenvalues of a random symmetric Gaussian n × n matrix are positive; 1 <= n <= 12.

    The matrix is (A + Aᵀ)/2 with independent standard normal entries in A (the Gaussian orthogonal ensemble); its
    eigenvalues have the density ∝ Π|λ_i − λ_j| exp(−Σλ_i²/2). De Bruijn's formula makes the integral over the positive
    ones a Pfaffian of one- and two-dimensional moments, and the probability the quotient of two of them:
    1/2, (2 − √2)/4, (π − 2√2)/(4π), 0.0024, 0.00015, ...

    Source: de Bruijn 1955; Dean & Majumdar 2006 for large n, where it falls like exp(−n² log(3)/4).
    """
    n = checks.integer("n", n, minimum=1, maximum=12)
    return float(np.sqrt(_pfaffian_squared(n, positive=True) / _pfaffian_squared(n, positive=False)))


def _pfaffian_squared(n, positive):
    """The square of de Bruijn's Pfaffian: the determinant of the antisymmetric matrix of moments, bordered if n is
    odd.
    """
    nodes, weights = np.polynomial.legendre.leggauss(60)
    size = n + n % 2
    matrix = np.zeros((size, size))
    # ∫∫ sign(y − x) xⁱ yʲ exp(−(x² + y²)/2): in polar coordinates, each eighth of the plane smooth in the angle.
    low, high = (0, np.pi / 2) if positive else (-np.pi, np.pi)
    ends = np.arange(low, high + 1e-9, np.pi / 4)
    for i in range(n):
        for j in range(i + 1, n):
            total = 0.0
            for a, b in zip(ends[:-1], ends[1:], strict=True):
                angle = a + (b - a) * (nodes + 1) / 2
                sign = np.sign(np.sin(angle) - np.cos(angle))
                total += (b - a) / 2 * np.sum(weights * sign * np.cos(angle) ** i * np.sin(angle) ** j)
            matrix[i, j] = total * 2 ** ((i + j) / 2) * gamma((i + j) / 2 + 1)
        if n % 2:
            half = 2 ** ((i - 1) / 2) * gamma((i + 1) / 2)
            matrix[i, n] = half if positive else (2 * half if i % 2 == 0 else 0.0)
    return np.linalg.det(matrix - matrix.T)


def semicircle(x):
    """Wigner's semicircle on −1 … 1, the density 2√(1 − x²)/π, 0 outside: the spectrum of a large random matrix.

    For (A + Aᵀ)/2 with independent standard normal entries in A the eigenvalues are to be divided by √(2n).
    Source: Wigner 1955.
    """
    x = np.asarray(x, float)
    return 2 / np.pi * np.sqrt(np.maximum(1 - x**2, 0))


def negative_share(shift):
    """The share of negative eigenvalues if the semicircle of radius 1 is moved by `shift`: its area left of −shift."""
    x = np.clip(-checks.number("shift", shift), -1, 1)
    return float(0.5 + (x * np.sqrt(1 - x**2) + np.arcsin(x)) / np.pi)


def clipped_angle(gradient, max_value):
    """The angle in degrees between a gradient in the plane and the same clipped element by element, from the slopes.

    Arguments: gradient: shape (2,), not 0; max_value > 0.
    """
    x, y = np.abs(checks.finite_array("gradient", gradient, shape=(2,)))
    bound = checks.number("max_value", max_value, above=0)
    if x == 0 and y == 0:
        checks.fail("gradient", "not zero: it has no direction", gradient)
    return float(np.rad2deg(abs(np.arctan2(min(y, bound), min(x, bound)) - np.arctan2(y, x))))


def one_unit():
    """The cost ½ (wv − 1)² of a net of one ReLU unit, v·max(0, w·x), on the example x = 1, y = 1, where w > 0.

    Every point of the hyperbola wv = 1 is a minimum: (α, 1/α) computes the same function for every α > 0. The Hessian
    there has the eigenvalues 0, along the hyperbola, and α² + 1/α². Where w <= 0 the unit is dead: cost ½, gradient 0.

    Returns: a Landscape over (w, v), drawn for −0.6 < w, v < 4.
    Source: Goodfellow et al. 2016, section 8.2.2 on rescaling.
    """

    def parts(t):
        w, v = t[..., 0], t[..., 1]
        on = (w > 0).astype(float)
        return w * on, v, on, w * on * v - 1

    def gradient(t):
        w, v, on, error = parts(t)
        return np.stack([on * v * error, w * error], -1)

    def hessian(t):
        w, v, on, error = parts(t)
        cross = on * (w * v + error)
        return np.stack([np.stack([on * v * v, cross], -1), np.stack([cross, w * w], -1)], -2)

    return _landscape("one unit", lambda t: 0.5 * parts(t)[3] ** 2, gradient, hessian,
                      ((-0.6, 4.0), (-0.6, 4.0)), np.ones((1, 2)), (2.6, 1.4))  # fmt: skip


def two_valleys():
    """The cost ½ x² − ½ y² + ¼ y⁴: a saddle at 0 with curvatures 1 and −1, minima at (0, ±1) of height −¼.

    Where |y| < 1/√3 the Hessian has a negative eigenvalue.

    Source: a standard example; Dauphin et al. 2014 compare Newton and saddle-free Newton on functions like it.
    """

    def hessian(t):
        zero = np.zeros(t.shape[:-1])
        bend = 3 * t[..., 1] ** 2 - 1
        return np.stack([np.stack([zero + 1, zero], -1), np.stack([zero, bend], -1)], -2)

    return _landscape(
        "two valleys", lambda t: 0.5 * t[..., 0] ** 2 - 0.5 * t[..., 1] ** 2 + 0.25 * t[..., 1] ** 4,
        lambda t: np.stack([t[..., 0], t[..., 1] ** 3 - t[..., 1]], -1), hessian,
        ((-2.0, 2.0), (-1.6, 1.6)), np.array([[0.0, -1.0], [0.0, 1.0]]), (1.5, 0.2),
    )  # fmt: skip


def _landscape(name, loss, gradient, hessian, bounds, minima, start):
    """A Landscape over two parameters that keeps quiet where values overflow."""

    def quiet(evaluate):
        def evaluate_at(theta):
            with np.errstate(all="ignore"):
                return evaluate(np.asarray(theta, float))

        return evaluate_at

    return Landscape(name, 2, quiet(loss), quiet(gradient), quiet(hessian), bounds, minima, np.array(start),
                     "Goodfellow et al. 2016, section 8.2")  # fmt: skip
