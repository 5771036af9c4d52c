"""What theory predicts in lesson 8.2.1 to 8.2.4, in closed form or by an exact recursion."""

from math import gamma

import numpy as np

from helpers import checks


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


def escape_steps(learning_rate, curvature, distance, momentum=0.0):
    """After how many steps a run that starts at rest, `distance` r₀ from a saddle, is 1 away: a whole number.

    Gradient descent: the first k with r₀ (1 + ε|λ|)^k >= 1, so log(1/r₀)/log(1 + ε|λ|) rounded up. With momentum the
    distance is a sum of both roots' powers, r_k = r₀ ((z₁ᵏ (1 − z₂) − z₂ᵏ (1 − z₁))/(z₁ − z₂)), z₁ > 1 > z₂ = α/z₁.

    Arguments: as for escape_growth, with ε|λ| > 0; distance in (0, 1).
    """
    distance = checks.number("distance", distance, above=0, below=1)
    checks.number("learning_rate × curvature", learning_rate * curvature, above=0)
    big = escape_growth(learning_rate, curvature, momentum)
    small = momentum / big
    # r_0 = r₀ and r_1 = r₀ (1 + ε|λ|) = r₀ (z₁ + z₂ − α), the velocity being 0 at the start.
    share = (1 + learning_rate * curvature - small) / (big - small)
    k = int(np.floor(np.log(1 / (distance * share)) / np.log(big))) - 1
    k = max(k, 0)
    while distance * (share * big**k + (1 - share) * small**k) < 1 - 1e-12:
        k += 1
    return k


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
