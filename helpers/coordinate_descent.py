"""Coordinate and block coordinate descent for quadratic costs with an absolute-value penalty, and their competitors.

The problem, for one vector θ or for many at once (leading axes): J(θ) = ½ θᵀAθ − bᵀθ + l1 Σ|θ_i|, with A symmetric and
its diagonal positive. With A = XᵀX and b = Xᵀy it is the lasso ½‖y − Xθ‖² + l1 Σ|θ_i| but for the constant ½‖y‖².
"""

from typing import NamedTuple

import numpy as np

from helpers import checks


class CoordinateState(NamedTuple):
    theta: np.ndarray
    block: np.ndarray  # the coordinates that were just minimized over


class ProximalState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray  # of the smooth part, where the step began


class SparseCodingState(NamedTuple):
    dictionary: np.ndarray
    codes: np.ndarray
    cost: float
    block: str  # "codes" or "dictionary": which was just minimized over


def soft_threshold(values, threshold):
    """Soft thresholding, sign(v) max(|v| − t, 0): the minimizer of ½(θ − v)² + t|θ|, element by element.

    Arguments: values: an array or number; threshold: t >= 0, broadcasts. Raises: ValueError.
    Source: Donoho & Johnstone 1994; Tibshirani 1996.
    """
    values = checks.real_array("values", values, "numbers")
    return _soft(values, checks.numbers_or_array("threshold", threshold, minimum=0))[()]


def _soft(values, threshold):
    return np.sign(values) * np.maximum(np.abs(values) - threshold, 0.0)


def penalized_cost(matrix, linear, theta, l1=0.0):
    """J(θ) = ½ θᵀAθ − bᵀθ + l1 Σ|θ_i|: theta of shape (..., n) gives shape (...). Raises ValueError."""
    a, b, theta, l1 = _problem(matrix, linear, theta, l1)
    with np.errstate(all="ignore"):
        return np.sum(theta * (0.5 * theta @ a - b), axis=-1) + l1 * np.sum(np.abs(theta), axis=-1)


def coordinate_descent(matrix, linear, theta, *, l1=0.0, blocks=None):
    """Minimize J exactly over one block of coordinates at a time, in turn, all others held.

    Rule for a single coordinate: θ_i ← S(b_i − Σ_{j≠i} A_ij θ_j, l1)/A_ii, S being soft_threshold. For a block B (only
    with l1 = 0): A_BB θ_B = b_B − A_B,rest θ_rest. No learning rate; the cost never rises.

    Arguments:
        matrix: A, shape (n, n), symmetric, its diagonal (its diagonal blocks) positive (definite).
        linear: b, shape (..., n). theta: the start, shape (..., n); the leading axes broadcast.
        l1: >= 0.
        blocks: the blocks in their order, lists of indices; all single coordinates from 0 on if None.

    Yields: after each block theta (shape (..., n)) and block. A sweep is len(blocks) states.
    Raises: ValueError. Source: Goodfellow et al. 2016, section 8.7.2; Tseng 2001; Friedman et al. 2007 (the lasso).
    """
    a, b, theta, l1 = _problem(matrix, linear, theta, l1)
    n = len(a)
    blocks = [[i] for i in range(n)] if blocks is None else blocks
    blocks = [np.array([checks.integer("blocks", i, 0, n - 1) for i in block]) for block in blocks]
    if not blocks or any(len(block) == 0 or len(set(block.tolist())) < len(block) for block in blocks):
        checks.fail("blocks", "lists of different indices, none empty", f"{[block.tolist() for block in blocks]}")
    inverses = []
    for block in blocks:
        if l1 > 0 and len(block) > 1:
            checks.fail("blocks", "single coordinates where l1 > 0", block.tolist())
        part = a[np.ix_(block, block)]
        if np.linalg.eigvalsh(part)[0] <= 0:
            checks.fail("matrix", "positive (definite) on every block", f"not so on {block.tolist()}")
        inverses.append(np.linalg.inv(part))
    return _coordinate_steps(a, b, theta, l1, blocks, inverses)


def _coordinate_steps(a, b, theta, l1, blocks, inverses):
    while True:
        slope = theta @ a - b  # kept up to date within a sweep: n multiplications for each coordinate, not n²
        for block, inverse in zip(blocks, inverses, strict=True):
            theta = theta.copy()
            if len(block) == 1:
                i = block[0]
                old = theta[..., i].copy()
                theta[..., i] = _soft(a[i, i] * old - slope[..., i], l1) / a[i, i]
                slope += (theta[..., i] - old)[..., None] * a[i]
            else:
                change = -slope[..., block] @ inverse
                theta[..., block] += change
                slope += change @ a[block]
            yield CoordinateState(theta, block)


def proximal_gradient(matrix, linear, theta, *, l1=0.0, learning_rate=None, accelerated=False):
    """Gradient steps on the smooth part, each followed by soft thresholding: ISTA; accelerated, FISTA.

    Rule: θ ← S(y − ε(Ay − b), ε l1). ISTA: y = θ. FISTA: y = θ_k + (t_{k−1} − 1)/t_k (θ_k − θ_{k−1}), with
    t_k = ½(1 + √(1 + 4 t²_{k−1})) and t_0 = 1: Nesterov's idea. A step costs about as much as a sweep.

    Arguments: as in coordinate_descent; learning_rate: ε >= 0, 1/λ_max(A) if None, which is safe.
    Yields: theta, gradient. Raises: ValueError.
    Source: Daubechies et al. 2004 (ISTA); Beck & Teboulle 2009 (FISTA).
    """
    a, b, theta, l1 = _problem(matrix, linear, theta, l1)
    if learning_rate is None:
        learning_rate = 1 / np.linalg.eigvalsh(a)[-1]
    rate = checks.number("learning_rate", learning_rate, minimum=0)
    return _proximal_steps(a, b, theta, l1, rate, bool(accelerated))


def _proximal_steps(a, b, theta, l1, rate, accelerated):
    ahead, t = theta, 1.0
    while True:
        with np.errstate(all="ignore"):
            g = ahead @ a - b
            new = _soft(ahead - rate * g, rate * l1)
            ahead = new
            if accelerated:
                t, before = 0.5 * (1 + np.sqrt(1 + 4 * t * t)), t
                ahead = new + (before - 1) / t * (new - theta)
            theta = new
        yield ProximalState(theta, g)


def duality_gap(design, target, theta, l1):
    """An upper bound on how far the lasso's cost ½‖y − Xθ‖² + l1 Σ|θ_i| at θ lies above its minimum.

    The residual, shrunk until no column's correlation with it exceeds l1, is a feasible point of the dual problem,
    whose value lies below the minimum: ν = s(y − Xθ), s = min(1, l1/max|Xᵀ(y − Xθ)|), value ½‖y‖² − ½‖y − ν‖².

    Arguments: design: X, shape (m, n); target: y, shape (m,); theta: (..., n); l1: > 0.
    Returns: shape (...), >= 0 up to rounding. Raises: ValueError. Source: Kim et al. 2007.
    """
    x = checks.finite_array("design", design, ndim=2)
    y = checks.finite_array("target", target, shape=(len(x),))
    theta, l1 = checks.parameters("theta", theta, x.shape[1]), checks.number("l1", l1, above=0)
    with np.errstate(all="ignore"):
        residual = y - theta @ x.T
        largest = np.abs(residual @ x).max(axis=-1, keepdims=True)
        dual = residual * np.minimum(1.0, l1 / np.maximum(largest, 1e-300))
        primal = 0.5 * np.sum(residual**2, axis=-1) + l1 * np.sum(np.abs(theta), axis=-1)
        return primal - 0.5 * y @ y + 0.5 * np.sum((y - dual) ** 2, axis=-1)


def sweep_factor(hessian):
    """The factor by which one sweep of coordinate descent shrinks the distance on the bowl ½ θᵀHθ in the end.

    The spectral radius of −(L + D)⁻¹U, H = L + D + U cut into its lower triangle, diagonal and upper triangle; in two
    dimensions H₁₂²/(H₁₁H₂₂). Below 1 for every positive definite H. Raises: ValueError.
    Source: the Gauss–Seidel method for linear equations, which this is.
    """
    h = checks.finite_array("hessian", hessian, ndim=2)
    if h.shape[0] != h.shape[1] or np.any(np.diag(h) <= 0):
        checks.fail("hessian", "a square matrix with a positive diagonal", h)
    return float(np.abs(np.linalg.eigvals(np.linalg.solve(np.tril(h), -np.triu(h, 1)))).max())


def sparse_coding(inputs, dictionary, *, l1, num_sweeps=1):
    """Sparse coding by block coordinate descent: the codes with the dictionary held, then the dictionary, in turn.

    J = mean over the examples of ½‖x − hD‖² + l1 Σ|h_j|, no atom (row of D) longer than 1, since otherwise the codes
    could shrink to nothing while the atoms grow. J is convex in each block though not in both together; it never rises.
    Codes: sweeps of coordinate descent. Dictionary: atom by atom, each exactly given the others, then cut to length 1.

    Arguments: inputs: shape (N, n), finite; dictionary: the first D, shape (K, n); l1: > 0; num_sweeps: >= 1, within
    each block. The codes begin at 0.
    Yields: dictionary (K, n), codes (N, K), cost, block; two states are one alternation. An atom without a use stays.
    Raises: ValueError.
    Source: Goodfellow et al. 2016, equation 8.38; Olshausen & Field 1996; Mairal et al. 2009 (the dictionary's step).
    """
    x = checks.finite_array("inputs", inputs, ndim=2)
    d = checks.finite_array("dictionary", dictionary, ndim=2)
    if x.size == 0 or d.size == 0 or d.shape[1] != x.shape[1]:
        checks.fail("dictionary", f"of shape (K, {x.shape[1] if x.ndim == 2 else 'n'})", f"shape {d.shape}")
    length = np.linalg.norm(d, axis=1, keepdims=True)
    if np.any(length == 0):
        checks.fail("dictionary", "without an atom of length 0", "one of length 0")
    l1, num_sweeps = checks.number("l1", l1, above=0), checks.integer("num_sweeps", num_sweeps, minimum=1)
    return _sparse_coding_steps(x, d / np.maximum(length, 1.0), l1, num_sweeps)


def _sparse_coding_steps(x, d, l1, num_sweeps):
    codes = np.zeros((len(x), len(d)))

    def cost():
        return float((0.5 * np.sum((x - codes @ d) ** 2) + l1 * np.abs(codes).sum()) / len(x))

    while True:
        steps = coordinate_descent(d @ d.T, x @ d.T, codes, l1=l1)
        for _ in range(num_sweeps * len(d)):
            codes = next(steps).theta
        yield SparseCodingState(d, codes, cost(), "codes")
        d, gram, correlation = d.copy(), codes.T @ codes, codes.T @ x
        for _ in range(num_sweeps):
            for j in np.flatnonzero(np.diag(gram) > 1e-12):
                atom = d[j] + (correlation[j] - gram[j] @ d) / gram[j, j]
                d[j] = atom / max(1.0, np.sqrt(atom @ atom))
        yield SparseCodingState(d, codes, cost(), "dictionary")


def _problem(matrix, linear, theta, l1):
    a = checks.finite_array("matrix", matrix, ndim=2)
    n = len(a)
    if n == 0 or a.shape != (n, n) or np.any(np.abs(a - a.T) > 1e-10 * np.abs(a).max()):
        checks.fail("matrix", "a symmetric n × n matrix", a)
    if np.any(np.diag(a) <= 0):
        checks.fail("matrix", "one with a positive diagonal", a)
    b = checks.parameters("linear", linear, n, finite=True)
    theta = checks.parameters("theta", theta, n, finite=True)
    try:
        shape = np.broadcast_shapes(b.shape, theta.shape)
    except ValueError:
        checks.fail("theta", f"of a shape that broadcasts with linear's {b.shape}", f"shape {theta.shape}")
    return a, b, np.array(np.broadcast_to(theta, shape)), checks.number("l1", l1, minimum=0)
