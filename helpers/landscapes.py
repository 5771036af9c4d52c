"""Cost functions of one, two or n parameters, with exact gradient and Hessian: the ground that optimizers walk on.

Points are arrays of shape (..., n); loss gives shape (...), gradient (..., n), hessian (..., n, n). Far out the values
overflow to infinity without a warning: a run that leaves the picture is a result, not an error.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from helpers import checks


@dataclass(frozen=True, eq=False)  # compared and hashed by identity, so that it can be a key of a cache
class Landscape:
    """A cost function J(θ) that can be walked on and drawn.

    Attributes:
        name: what to call it in a title.
        dimension: n, the number of parameters.
        loss, gradient, hessian: functions of theta, shape (..., n), giving shape (...), (..., n), (..., n, n).
        bounds: ((low, high), ...) for each of the n axes: the part worth drawing.
        minima: the local minima, shape (number of them, n); empty where there is none.
        start: a good point to start from, shape (n,).
        source: where the function comes from.
    """

    name: str
    dimension: int
    loss: Callable
    gradient: Callable
    hessian: Callable
    bounds: tuple
    minima: np.ndarray
    start: np.ndarray
    source: str


def _landscape(name, dimension, loss, gradient, hessian, bounds, minima, start, source):
    """Build a Landscape whose functions check the shape of theta and keep quiet where values overflow."""

    def public(evaluate, kind):
        def evaluate_at(theta):
            if not (type(theta) is np.ndarray and theta.dtype == np.float64 and theta.shape[-1:] == (dimension,)):
                # Not for an array of the right form: at every step of a run it would be a quarter of the time.
                theta = checks.parameters("theta", theta, dimension)
            with np.errstate(all="ignore"):
                return evaluate(theta)

        evaluate_at.__name__ = kind
        evaluate_at.__doc__ = f"{kind} of the landscape {name!r} at theta, shape (..., {dimension})."
        return evaluate_at

    minima = np.asarray(minima, dtype=float).reshape(-1, dimension)
    start = np.asarray(start, dtype=float)
    for array in (minima, start):
        array.flags.writeable = False
    return Landscape(name, dimension, public(loss, "loss"), public(gradient, "gradient"), public(hessian, "hessian"),
                     tuple((float(low), float(high)) for low, high in bounds), minima, start, source)  # fmt: skip


def _stack(*components):
    return np.stack(components, axis=-1)


def _matrices(xx, xy, yy):
    """Symmetric 2 × 2 matrices from their entries, each of shape (...)."""
    return np.stack([_stack(xx, xy), _stack(xy, yy)], axis=-2)


def quadratic(matrix, bounds=None, start=None):
    """The quadratic bowl (or saddle) J = ½ θᵀAθ; its gradient is Aθ, its Hessian A everywhere.

    Arguments:
        matrix: A, symmetric, shape (n, n); its eigenvalues are the curvatures along its eigenvectors.
        bounds: ((low, high), ...) for the n axes; ±3 if not given.
        start: shape (n,); (−2.5, 1, 1, …) if not given.

    Raises: ValueError if the matrix is not square, symmetric (up to rounding) and finite, or bounds or start do not
        fit it.
    Source: Goodfellow et al. 2016, section 8.3.2 and Figure 8.5.
    """
    matrix = checks.finite_array("matrix", matrix, ndim=2)
    n = matrix.shape[0]
    # A rotated matrix QDQᵀ is symmetric up to rounding on the scale of its largest entry only.
    if n == 0 or matrix.shape != (n, n) or np.any(np.abs(matrix - matrix.T) > 1e-12 * np.abs(matrix).max()):
        checks.fail("matrix", "a symmetric n × n matrix", matrix)
    matrix = 0.5 * matrix + 0.5 * matrix.T
    bounds = np.array([(-3.0, 3.0)] * n) if bounds is None else checks.finite_array("bounds", bounds, shape=(n, 2))
    if np.any(bounds[:, 0] >= bounds[:, 1]):
        checks.fail("bounds", "pairs (low, high) with low < high", bounds)
    start = np.r_[-2.5, np.ones(n - 1)] if start is None else checks.finite_array("start", start, shape=(n,))
    curvatures = np.linalg.eigvalsh(matrix)  # each with an error of about n · 2e-16 of the largest
    definite = curvatures[0] > n * np.finfo(np.float64).eps * curvatures[-1]
    minima = np.zeros((1, n)) if definite else np.empty((0, n))
    return _landscape(
        "quadratic", n,
        lambda t: 0.5 * np.sum(t * (t @ matrix), axis=-1),
        lambda t: t @ matrix,
        lambda t: np.broadcast_to(matrix, (*t.shape, n)).copy(),
        bounds, minima, start, "Goodfellow et al. 2016, section 8.3.2",
    )  # fmt: skip


def rosenbrock(dimension=2):
    """Rosenbrock's valley, curved like a banana: Σ 100 (x_{i+1} − x_i²)² + (1 − x_i)², minimum 0 at (1, …, 1).

    Arguments: dimension: n >= 2. (From n = 4 on there is a second local minimum near (−1, 1, …, 1), not listed.)
    Source: Rosenbrock 1960, An automatic method for finding the greatest or least value of a function.
    """
    n = checks.integer("dimension", dimension, minimum=2)

    def loss(t):
        x, y = t[..., :-1], t[..., 1:]
        return np.sum(100 * (y - x**2) ** 2 + (1 - x) ** 2, axis=-1)

    def gradient(t):
        x, y = t[..., :-1], t[..., 1:]
        g = np.zeros_like(t)
        g[..., :-1] = -400 * x * (y - x**2) - 2 * (1 - x)
        g[..., 1:] += 200 * (y - x**2)
        return g

    def hessian(t):
        x, y = t[..., :-1], t[..., 1:]
        h = np.zeros((*t.shape, n))
        i = np.arange(n - 1)
        h[..., i, i] = 1200 * x**2 - 400 * y + 2
        h[..., i + 1, i + 1] += 200
        h[..., i, i + 1] = h[..., i + 1, i] = -400 * x
        return h

    start = np.where(np.arange(n) % 2, 1.0, -1.2)
    return _landscape("Rosenbrock", n, loss, gradient, hessian, [(-2, 2), (-1, 3)] + [(-2, 2)] * (n - 2),
                      np.ones((1, n)), start, "Rosenbrock 1960")  # fmt: skip


def himmelblau():
    """Himmelblau's function (x² + y − 11)² + (x + y² − 7)²: four minima, all of height 0.

    Source: Himmelblau 1972, Applied Nonlinear Programming.
    """

    def residuals(t):
        x, y = t[..., 0], t[..., 1]
        return x, y, x**2 + y - 11, x + y**2 - 7

    def loss(t):
        _, _, a, b = residuals(t)
        return a**2 + b**2

    def gradient(t):
        x, y, a, b = residuals(t)
        return _stack(4 * x * a + 2 * b, 2 * a + 4 * y * b)

    def hessian(t):
        x, y, a, b = residuals(t)
        return _matrices(4 * a + 8 * x**2 + 2, 4 * x + 4 * y, 2 + 4 * b + 8 * y**2)

    # Roots of both residuals; all but (3, 2) are irrational, rounded to double precision.
    minima = [(3, 2), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.283185991286170),
              (3.584428340330492, -1.848126526964404)]  # fmt: skip
    return _landscape("Himmelblau", 2, loss, gradient, hessian, [(-6, 6), (-6, 6)], minima, (0, -4.5),
                      "Himmelblau 1972")  # fmt: skip


def beale():
    """Beale's function Σ_i (c_i − x + x yⁱ)², c = (1.5, 2.25, 2.625): a plain between steep walls; minimum 0 at (3, ½).

    Source: Beale 1958, On an iterative method for finding a local minimum of a function of more than one variable.
    """
    c = (1.5, 2.25, 2.625)

    def terms(t):
        """For i = 1, 2, 3: the residual and its derivatives by x, y, xy, yy (by xx it is 0)."""
        x, y = t[..., 0], t[..., 1]
        for i in (1, 2, 3):
            power = [y**i, i * y ** (i - 1), i * (i - 1) * y ** max(i - 2, 0)]
            yield c[i - 1] - x + x * power[0], power[0] - 1, x * power[1], power[1], x * power[2]

    def loss(t):
        return sum(r**2 for r, *_ in terms(t))

    def gradient(t):
        return sum(2 * _stack(r * rx, r * ry) for r, rx, ry, _, _ in terms(t))

    def hessian(t):
        return sum(2 * _matrices(rx**2, rx * ry + r * rxy, ry**2 + r * ryy) for r, rx, ry, rxy, ryy in terms(t))

    return _landscape("Beale", 2, loss, gradient, hessian, [(-4.5, 4.5), (-4.5, 4.5)], [(3, 0.5)], (-1, 1.5),
                      "Beale 1958")  # fmt: skip


def saddle(positive=2.0, negative=2.0):
    """The saddle ½ (p x² − q y²): curvature p along x, −q along y; with the defaults x² − y². No minimum.

    Arguments: positive: p > 0; negative: q > 0.
    Source: Goodfellow et al. 2016, Figure 4.5 and section 8.2.3.
    """
    p = checks.number("positive", positive, above=0)
    q = checks.number("negative", negative, above=0)
    curvature = np.array([p, -q])
    return _landscape(
        "saddle", 2,
        lambda t: 0.5 * np.sum(curvature * t**2, axis=-1),
        lambda t: curvature * t,
        lambda t: np.broadcast_to(np.diag(curvature), (*t.shape, 2)).copy(),
        [(-2, 2), (-2, 2)], [], (-1.5, 0.001), "Goodfellow et al. 2016, Figure 4.5",
    )  # fmt: skip


def monkey_saddle():
    """The monkey saddle x³ − 3xy²: three ways down, for two legs and a tail; the Hessian at 0 is 0. No minimum.

    Source: Hilbert & Cohn-Vossen 1932, Anschauliche Geometrie.
    """

    def gradient(t):
        x, y = t[..., 0], t[..., 1]
        return _stack(3 * x**2 - 3 * y**2, -6 * x * y)

    def hessian(t):
        x, y = t[..., 0], t[..., 1]
        return _matrices(6 * x, -6 * y, -6 * x)

    return _landscape("monkey saddle", 2, lambda t: t[..., 0] ** 3 - 3 * t[..., 0] * t[..., 1] ** 2, gradient, hessian,
                      [(-1.5, 1.5), (-1.5, 1.5)], [], (0.9, 0.01), "Hilbert & Cohn-Vossen 1932")  # fmt: skip


def plateau():
    """A hole in a plain, 1 − exp(−r²/2): the further out, the flatter; the gradient is r exp(−r²/2).

    Source: Goodfellow et al. 2016, section 8.2.3, "wide, flat regions of constant value".
    """

    def hole(t):
        return np.exp(-0.5 * np.sum(t**2, axis=-1))

    def hessian(t):
        return hole(t)[..., None, None] * (np.eye(2) - t[..., :, None] * t[..., None, :])

    return _landscape("plateau", 2, lambda t: 1 - hole(t), lambda t: hole(t)[..., None] * t, hessian,
                      [(-4, 4), (-4, 4)], [(0, 0)], (-2.4, 1.2), "Goodfellow et al. 2016, section 8.2.3")  # fmt: skip


def _sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def cliff(num_steps=50, initial=0.5, target=0.7):
    """The cost of a recurrent net of one unit, x_t = w σ(x_{t−1}) + b: a plain, a cliff, and a valley beneath it.

    θ = (w, b), J = (σ(x_T) − target)². Gradient and Hessian follow x and its derivatives forward through time.

    Arguments:
        num_steps: T >= 1. initial: the state x_0. target: in (0, 1).
    Source: Pascanu, Mikolov & Bengio 2013, section 2.3; Goodfellow et al. 2016, section 8.2.4 and Figure 8.3.
    """
    num_steps = checks.integer("num_steps", num_steps, minimum=1)
    initial = checks.number("initial", initial)
    target = checks.number("target", target, above=0, below=1)

    def unroll(t, order):
        """σ(x_T) and its derivatives: [σ], [σ, by w, by b] or [σ, w, b, ww, wb, bb] for order 0, 1, 2."""
        w, b = t[..., 0], t[..., 1]
        s = _sigmoid(np.full(w.shape, initial))
        sw, sb, sww, swb, sbb = (np.zeros(w.shape) for _ in range(5))
        for _ in range(num_steps):
            x, s_last = w * s + b, s
            s = _sigmoid(x)
            if order > 0:
                slope = s * (1 - s)
                xw, xb = s_last + w * sw, 1 + w * sb
                if order > 1:
                    xww, xwb, xbb = 2 * sw + w * sww, sb + w * swb, w * sbb
                    bend = slope * (1 - 2 * s)
                    sww, swb, sbb = bend * xw**2 + slope * xww, bend * xw * xb + slope * xwb, bend * xb**2 + slope * xbb
                sw, sb = slope * xw, slope * xb
        return [s, sw, sb, sww, swb, sbb]

    def loss(t):
        return (unroll(t, 0)[0] - target) ** 2

    def gradient(t):
        s, sw, sb, *_ = unroll(t, 1)
        return 2 * (s - target)[..., None] * _stack(sw, sb)

    def hessian(t):
        s, sw, sb, sww, swb, sbb = unroll(t, 2)
        r = s - target
        return 2 * _matrices(sw**2 + r * sww, sw * sb + r * swb, sb**2 + r * sbb)

    return _landscape("cliff", 2, loss, gradient, hessian, [(4.2, 6.2), (-3.4, -2.2)], [], (5.3, -2.9),
                      "Pascanu et al. 2013")  # fmt: skip


def mountain(dimension=1, tilt=0.8):
    """A mountain between two plains, the right one lower: going downhill from the left leads away for ever.

    In one dimension J = 1/√(1+x²) − tilt·½(arctan x − x/(1+x²)): the slope is −x/(1+x²)^{3/2} · (1 + tilt·x/√(1+x²)),
    so the summit x = 0 is the only critical point and there is no minimum, only the asymptotes ±tilt·π/4. In two
    dimensions the mountain A(x) = 1/√(1+x²) + tilt·½ x/(1+x²) ends sideways, J = exp(−y²/2)·A(x) − tilt·½ arctan x:
    the same on the line y = 0; beside it a slope to the right is left, and it can be walked round, by a long way.

    Arguments: dimension: 1 or 2; tilt: in (0, 1).
    Source: Goodfellow et al. 2016, Figure 8.4 (an own function of the same kind).
    """
    n = checks.integer("dimension", dimension, minimum=1, maximum=2)
    tilt = checks.number("tilt", tilt, above=0, below=1)

    def parts(t):
        """x, q = 1 + x², the width exp(−y²/2), and the mountain A with its derivative."""
        x, q = t[..., 0], 1 + t[..., 0] ** 2
        width = np.exp(-0.5 * t[..., 1] ** 2) if n == 2 else np.ones_like(x)
        return x, q, width, q**-0.5 + 0.5 * tilt * x / q, 0.5 * tilt * (2 / q - 1) / q - x / np.sqrt(q) / q

    def loss(t):
        x, _, width, hill, _ = parts(t)
        return width * hill - 0.5 * tilt * np.arctan(x)

    def gradient(t):
        _, q, width, hill, hill_slope = parts(t)
        slope = width * hill_slope - 0.5 * tilt / q
        return slope[..., None] if n == 1 else _stack(slope, -t[..., 1] * width * hill)

    def hessian(t):
        x, q, width, hill, hill_slope = parts(t)
        xx = width * ((2 * x**2 - 1) * q**-2.5 + tilt * x * (x**2 - 3) / q**3) + tilt * x / q**2
        if n == 1:
            return xx[..., None, None]
        y = t[..., 1]
        return _matrices(xx, -y * width * hill_slope, (y**2 - 1) * width * hill)

    bounds, start = [(-6, 6), (-4, 4)][:n], (-1.0, 0.3)[:n]
    return _landscape("mountain", n, loss, gradient, hessian, bounds, [], start,
                      "after Goodfellow et al. 2016, Figure 8.4")  # fmt: skip


def rastrigin(dimension=2):
    """Rastrigin's egg box, 10n + Σ x_i² − 10 cos 2πx_i: a bowl with a local minimum near every whole-numbered point.

    `minima` lists the global one only. Arguments: dimension: n >= 1.
    Source: Rastrigin 1974, Systems of Extremal Control.
    """
    n = checks.integer("dimension", dimension, minimum=1)

    def hessian(t):
        return (2 + 40 * np.pi**2 * np.cos(2 * np.pi * t))[..., None] * np.eye(n)

    return _landscape(
        "Rastrigin", n,
        lambda t: 10 * n + np.sum(t**2 - 10 * np.cos(2 * np.pi * t), axis=-1),
        lambda t: 2 * t + 20 * np.pi * np.sin(2 * np.pi * t),
        hessian, [(-5.12, 5.12)] * n, np.zeros((1, n)), np.resize([3.7, -2.8], n), "Rastrigin 1974",
    )  # fmt: skip


def power(exponent=4.0, dimension=1):
    """The convex bowl Σ |x_i|^p / p, flatter at the bottom as p grows; strongly convex for p = 2 only. Minimum 0 at 0.

    Arguments: exponent: p >= 2; dimension: n >= 1.
    Source: the standard example of a convex cost that is not strongly convex; Goodfellow et al. 2016, section 8.3.1.
    """
    p = checks.number("exponent", exponent, minimum=2)
    n = checks.integer("dimension", dimension, minimum=1)
    return _landscape(
        "power", n,
        lambda t: np.sum(np.abs(t) ** p, axis=-1) / p,
        lambda t: np.sign(t) * np.abs(t) ** (p - 1),
        lambda t: ((p - 1) * np.abs(t) ** (p - 2))[..., None] * np.eye(n),
        [(-2, 2)] * n, np.zeros((1, n)), np.resize([1.5, -1.0], n), "Goodfellow et al. 2016, section 8.3.1",
    )  # fmt: skip


def with_noise(landscape, scale, seed=0):
    """The same landscape seen through noise: every gradient has N(0, scale²) added to each component.

    The model of a minibatch gradient: unbiased, with independent errors. Each call of `gradient` draws anew, runs on
    leading axes get independent noise, and a landscape made again with the same seed repeats the same noise.

    Arguments: landscape: a Landscape; scale: the standard deviation, >= 0 (a number or an array over the leading axes);
        seed: a whole number >= 0.
    Source: Goodfellow et al. 2016, section 8.3.1.
    """
    if not isinstance(landscape, Landscape):
        checks.fail("landscape", "a Landscape", checks.describe(landscape))
    scale = np.asarray(checks.numbers_or_array("scale", scale, minimum=0))[..., None]
    rng = np.random.default_rng(checks.integer("seed", seed, minimum=0))

    def gradient(theta):
        exact = landscape.gradient(theta)
        if not checks.fits(scale.shape[:-1], exact.shape[:-1]):
            takes = f"of a shape that broadcasts to {exact.shape[:-1]}, the leading axes of theta"
            checks.fail("scale", takes, f"shape {scale.shape[:-1]}")
        with np.errstate(all="ignore"):
            return exact + scale * rng.standard_normal(exact.shape)

    return replace(landscape, name=f"noisy {landscape.name}", gradient=gradient)
