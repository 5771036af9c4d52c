"""What theory predicts of the methods with adaptive learning rates (lesson 8.5): the left column of its readouts."""

from dataclasses import replace

import numpy as np

from helpers import checks, landscapes

ZETA_HALF = -1.4603545088095868  # Riemann's ζ(1/2)


def adagrad_distance(num_steps):
    """How far AdaGrad comes in T steps under a constant gradient, in units of ε (δ = 0): 2√T + ζ(1/2) + 1/(2√T).

    After t equal gradients g the accumulator is t g², so step t is ε/√t whatever g is, and the distance is
    1 + 1/√2 + … + 1/√T. The formula is that sum's expansion for large T (Euler and Maclaurin); at T = 1 it is 0.04 off,
    from T = 10 on less than 0.002. ζ(1/2) = −1.46.

    Arguments: num_steps: T >= 1, a number or an array.
    """
    steps = np.asarray(checks.numbers_or_array("num_steps", num_steps, minimum=1), dtype=float)
    return 2 * np.sqrt(steps) + ZETA_HALF + 0.5 / np.sqrt(steps)


def first_step(method, gradient, **hyper_parameters):
    """The signed first step of a method with gradient g (any shape), from its rule with all accumulators still at 0.

    adagrad ε g/(δ + |g|); rmsprop and rmsprop_nesterov ε g/√(δ + (1−ρ)g²); adam ε g/(|g| + δ), and without bias
    correction
    ε (1−ρ₁) g/(√(1−ρ₂)|g| + δ); adadelta ε √δ g/√(δ + (1−ρ)g²); sgd, momentum, nesterov ε g; each with a minus sign.

    Arguments: the method's hyper-parameters by name, all that its first step depends on.
    """
    g = np.asarray(gradient, dtype=float)
    p = {name: np.asarray(value, dtype=float) for name, value in hyper_parameters.items()}
    with np.errstate(all="ignore"):
        if method in ("sgd", "momentum", "nesterov"):
            step = g
        elif method == "adagrad":
            step = g / (p["delta"] + np.abs(g))
        elif method in ("rmsprop", "rmsprop_nesterov"):
            step = g / np.sqrt(p["delta"] + (1 - p["rho"]) * g**2)
        elif method == "adadelta":
            step = np.sqrt(p["delta"]) * g / np.sqrt(p["delta"] + (1 - p["rho"]) * g**2)
        elif method == "adam" and hyper_parameters.get("bias_correction", True):
            step = g / (np.abs(g) + p["delta"])
        elif method == "adam":
            step = (1 - p["beta1"]) * g / (np.sqrt(1 - p["beta2"]) * np.abs(g) + p["delta"])
        else:
            checks.fail("method", "the name of a first-order method", method)
    return -p["learning_rate"] * np.where(g == 0, 0.0, step)


def uncorrected_adam_step(step, beta1, beta2):
    """The length of Adam's step t without bias correction under a constant gradient, in units of ε (δ = 0).

    (1 − ρ₁ᵗ)/√(1 − ρ₂ᵗ): the share of the truth that the first moment has reached, over the root of the second's.

    Arguments: step: t = 1, 2, …, a number or an array; beta1, beta2 in [0, 1).
    """
    t = np.asarray(checks.numbers_or_array("step", step, minimum=1), dtype=float)
    beta1 = checks.number("beta1", beta1, minimum=0, below=1)
    beta2 = checks.number("beta2", beta2, minimum=0, below=1)
    return (1 - beta1**t) / np.sqrt(1 - beta2**t)


def recovery_steps(height, length, rho, share=0.5):
    """After a burst of `length` gradients of size `height`, how many gradients of size 1 RMSProp needs to forget it.

    At the end of the burst r = h²(1 − ρ^L), from then on r = 1 + (r_burst − 1)ρᵏ. Counted are the steps k until the
    effective rate ε/√r is back at `share` of ε, that is r <= 1/share². Infinite for ρ = 1, the sum of AdaGrad.

    Arguments: height > 0; length >= 1; rho in [0, 1]; share in (0, 1).
    """
    height, length = checks.number("height", height, above=0), checks.integer("length", length, minimum=1)
    rho = checks.number("rho", rho, minimum=0, maximum=1)
    limit = 1 / checks.number("share", share, above=0, below=1) ** 2
    if rho == 1:
        return np.inf
    after = height**2 * (1 - rho**length)
    if after <= limit:
        return 0
    if rho == 0:
        return 1
    return int(np.ceil(np.log((limit - 1) / (after - 1)) / np.log(rho) - 1e-9))


def drift(large, beta2, period=3):
    """How far Adam with ρ₁ = 0 moves in one period of the gradients C, −1, −1, …, −1, in units of ε.

    The true slope, C − (period − 1), is positive while C > period − 1, so the way should be down: a negative drift.
    Once r has become periodic it is r_i = 1 + (C² − 1) ρ₂ⁱ (1 − ρ₂)/(1 − ρ₂^p) at i steps after the large gradient, and
    the drift is −Σ_i g_i/√r_i.

    Arguments: large: C > 0; beta2 in [0, 1), a number or an array; period: p >= 2.
    Source: the example of Reddi, Kale & Kumar 2018, On the convergence of Adam and beyond, section 3.
    """
    large = checks.number("large", large, above=0)
    period = checks.integer("period", period, minimum=2)
    beta2 = np.asarray(checks.numbers_or_array("beta2", beta2, minimum=0, below=1), dtype=float)
    share = (1 - beta2) / (1 - beta2**period)
    total = np.zeros(beta2.shape)
    for age in range(period):  # steps since the large gradient; all squares but that one are 1
        second_moment = 1 + (large**2 - 1) * share * beta2**age
        total = total - (large if age == 0 else -1.0) / np.sqrt(second_moment)
    return total


def turning_beta2(large, period=3):
    """The ρ₂ at which `drift` changes its sign: below it Adam goes the wrong way. By bisection to 1e-12.

    Arguments: large: C > period − 1, so that the right way is down. Returns 0 if Adam goes the right way for every ρ₂.
    """
    large = checks.number("large", large, above=period - 1)
    low, high = 0.0, 1.0 - 1e-9
    if drift(large, low, period) <= 0:
        return 0.0
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if drift(large, middle, period) > 0 else (low, middle)
    return 0.5 * (low + high)


def rotated_bowl(condition, angle):
    """The bowl ½ θᵀ R diag(1, κ) Rᵀ θ, R the rotation by `angle`; with arrays, one bowl for each leading index.

    Arguments: condition: κ >= 1; angle: in degrees, counter-clockwise; numbers or arrays that broadcast.
    Returns: a Landscape whose theta has shape (..., 2), the leading axes broadcasting with those of κ and the
    angle. Its
        start turns with the bowl, R (−2, 1.5)ᵀ, so shape (..., 2) for angles of shape (...).
    """
    condition = np.asarray(checks.numbers_or_array("condition", condition, minimum=1), dtype=float)
    turn = np.deg2rad(np.asarray(checks.numbers_or_array("angle", angle), dtype=float))
    c, s = np.cos(turn), np.sin(turn)
    xx, xy, yy = c**2 + condition * s**2, (1 - condition) * c * s, s**2 + condition * c**2

    def gradient(t):
        x, y = t[..., 0], t[..., 1]
        with np.errstate(all="ignore"):
            first = xx * x + xy * y
            g = np.empty((*first.shape, 2))
            g[..., 0], g[..., 1] = first, xy * x + yy * y
        return g

    def loss(t):
        x, y = t[..., 0], t[..., 1]
        with np.errstate(all="ignore"):
            return 0.5 * (xx * x * x + 2 * xy * x * y + yy * y * y)

    def hessian(t):
        return np.broadcast_to(np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2), (*t.shape, 2)).copy()

    plain = landscapes.quadratic(np.eye(2))
    start = np.stack([-2 * c - 1.5 * s, -2 * s + 1.5 * c], axis=-1)
    return replace(plain, name="rotated bowl", loss=loss, gradient=gradient, hessian=hessian, start=start)


def one_run(trajectory, index):
    """One run out of a batch: the Trajectory of the run with the given index on the (single) leading axis."""
    variables = {name: values[:, index] for name, values in trajectory.variables.items()}
    return replace(trajectory, theta=trajectory.theta[:, index], loss=trajectory.loss[:, index],
                   diverged_at=trajectory.diverged_at[index], variables=variables)  # fmt: skip


def valley_width(rates, costs, limit):
    """How many factors of ten of the learning rate end with a cost <= limit: the widest run of neighbouring good rates.

    Arguments: rates: increasing, evenly spread on a logarithmic scale, shape (R,); costs: shape (R,), NaN where
    diverged;
        limit: a number.
    Returns: (decades, first rate, last rate); (0, NaN, NaN) if no rate is good. A single good rate counts the distance
        between two neighbours, as every one does.
    """
    rates = checks.finite_array("rates", rates, ndim=1)
    with np.errstate(invalid="ignore"):
        good = np.r_[False, np.asarray(costs) <= limit, False]
    begins, ends = np.flatnonzero(~good[:-1] & good[1:]), np.flatnonzero(good[:-1] & ~good[1:])
    if len(begins) == 0:
        return 0.0, np.nan, np.nan
    best = np.argmax(ends - begins)
    spacing = np.log10(rates[-1] / rates[0]) / (len(rates) - 1)
    return float((ends[best] - begins[best]) * spacing), float(rates[begins[best]]), float(rates[ends[best] - 1])
