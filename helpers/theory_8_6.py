"""What theory predicts of second-order methods, in closed form: the left column of the readouts of lesson 8.6."""

import numpy as np

from helpers import checks


def damped_newton_factor(eigenvalues, damping):
    """By what a damped Newton step multiplies the distance to a critical point along each eigenvector: α/(λ + α).

    Of the distance e the step −λe/(λ + α) is taken. Below 1 in size the distance shrinks: for α >= 0 that is so where
    λ > 0, and where λ < −2α. Infinite where λ = −α.

    Arguments: eigenvalues λ, damping α >= 0: numbers or arrays that broadcast. Returns: their broadcast shape.
    Source: Goodfellow et al. 2016, section 8.6.1 (the rule); the factor follows from it on a quadratic.
    """
    values = np.asarray(checks.numbers_or_array("eigenvalues", eigenvalues))
    alpha = np.asarray(checks.numbers_or_array("damping", damping, minimum=0))
    with np.errstate(all="ignore"):
        return np.where((alpha == 0) & (values != 0), 0.0, alpha / (values + alpha))


def attracts(eigenvalues, damping):
    """Whether damped Newton steps converge to a critical point with these eigenvalues, shape (..., n) -> (...)."""
    return np.all(np.abs(damped_newton_factor(eigenvalues, damping)) < 1, axis=-1)


def steepest_descent_factor(eigenvalues, start):
    """By what one exact step of steepest descent multiplies the cost of a quadratic: 1 − (gᵀg)² / (gᵀAg · gᵀA⁻¹g).

    In two dimensions every further step has the same factor.

    Arguments: eigenvalues: of A, > 0, shape (n,); start: coordinates along the eigenvectors, shape (..., n), not 0.
    Source: Kantorovich 1948; Luenberger & Ye 2008, section 8.2.
    """
    eigenvalues = checks.finite_array("eigenvalues", eigenvalues, ndim=1)
    g2 = (eigenvalues * checks.parameters("start", start, len(eigenvalues))) ** 2
    return 1 - g2.sum(axis=-1) ** 2 / ((g2 * eigenvalues).sum(axis=-1) * (g2 / eigenvalues).sum(axis=-1))


def worst_steepest_descent_factor(condition):
    """The largest such factor for a condition number κ >= 1: ((κ − 1)/(κ + 1))², from the start (κ, 1)."""
    condition = checks.number("condition", condition, minimum=1)
    return ((condition - 1) / (condition + 1)) ** 2


def chebyshev_bound(condition, steps):
    """No more than this share of the cost is left after k steps of conjugate gradients: 1/T_k((κ + 1)/(κ − 1))².

    T_k is Chebyshev's polynomial; with q = (√κ − 1)/(√κ + 1) the bound is (2/(qᵏ + q⁻ᵏ))².

    Arguments: condition: κ >= 1; steps: k >= 0, an array. Source: Nocedal & Wright 2006, equation 5.36.
    """
    root = np.sqrt(checks.number("condition", condition, minimum=1))
    q = (root - 1) / (root + 1)
    k = np.asarray(steps, float)
    with np.errstate(all="ignore"):
        return np.where(k == 0, 1.0, (2 * q**k / (q ** (2 * k) + 1)) ** 2)


def residual_polynomial(step_sizes, betas, eigenvalues):
    """The polynomials by which conjugate gradients have multiplied each eigenvector's part of the start.

    After k steps the part with eigenvalue λ is p_k(λ) times what it was: p_0 = 1, p_{k+1} = p_k − a_k λ q_k with the
    directions' polynomials q_0 = 1, q_k = p_k + β_k q_{k−1}.

    Arguments: step_sizes, betas: a_0 … a_{K−1} and β_0 = 0, β_1 … β_{K−1}, shape (K,); eigenvalues: shape (m,).
    Returns: shape (K+1, m). Source: Hestenes & Stiefel 1952; Nocedal & Wright 2006, section 5.1.
    """
    a = checks.finite_array("step_sizes", step_sizes, ndim=1)
    b = checks.finite_array("betas", betas, shape=a.shape)
    x = checks.finite_array("eigenvalues", eigenvalues, ndim=1)
    p, q = [np.ones_like(x)], np.zeros_like(x)
    for step_size, beta in zip(a, b, strict=True):
        q = p[-1] + beta * q
        p.append(p[-1] - step_size * x * q)
    return np.array(p)


def elimination_multiplications(n):
    """Multiplications and divisions to solve n linear equations by Gaussian elimination: n³/3 + n² − n/3."""
    n = np.asarray(n)
    return (n**3 + 3 * n**2 - n) // 3


def wolfe_steps(loss, step_size, slope_before, slope_after, sufficient_decrease, curvature):
    """How many steps of a run fulfil both strong Wolfe conditions, up to rounding, and how many steps it made.

    Arguments: loss: (T+1,); step_size and the slopes gᵀd at both ends of each step: (T,); the constants c₁, c₂.
    Returns: (fulfilled, made), made being the steps of a size > 0 that started at a slope beyond rounding.
    """
    loss, a = np.asarray(loss, float), np.asarray(step_size, float)
    before, after = np.asarray(slope_before, float), np.asarray(slope_after, float)
    with np.errstate(all="ignore"):
        made = (a > 0) & np.isfinite(after) & (-before * a > 1e-13 * np.abs(loss[:-1]))
        slack = 1e-14 * np.abs(loss[:-1])
        low = loss[1:] <= loss[:-1] + sufficient_decrease * a * before + slack
        flat = np.abs(after) <= curvature * np.abs(before) * (1 + 1e-9)
    return int(np.sum(made & low & flat)), int(np.sum(made))


def tail_factor(distances, low=1e-10, high=1e-2):
    """The factor per step at which distances shrink in the end: over those in (low, high) that follow one another.

    NaN where there are fewer than two. A linear rate shows there: later it drowns in rounding, earlier it is not yet.
    """
    d = np.asarray(distances, float)
    inside = np.flatnonzero((d > low) & (d < high))
    if len(inside) < 2 or inside[-1] - inside[0] + 1 != len(inside):
        return np.nan
    first = inside[len(inside) // 2] if len(inside) > 3 else inside[-2]
    last = inside[-1] if inside[-1] > first else first + 1
    return float((d[last] / d[first]) ** (1 / (last - first)))


# The nine critical points of Himmelblau's function, rounded to six places: four minima, four saddles, a maximum.
HIMMELBLAU_CRITICAL = np.array([
    (3, 2), (-2.805118, 3.131313), (-3.779310, -3.283186), (3.584428, -1.848127),
    (0.086678, 2.884255), (3.385154, 0.073852), (-0.127961, -1.953715), (-3.073026, -0.081353),
    (-0.270845, -0.923039),
])  # fmt: skip
