"""What theory predicts of a network at its random start: the left column of the readouts of lesson 8.4.

Mean field: in a wide net with independent random weights the weighted sums z of a layer are close to Gaussian, mean 0
and some mean square q, independent from unit to unit. Then q of the next layer follows from q of this one alone, and
so does the mean square of the back-propagated gradient, in the other direction.
"""

import math

import numpy as np

from helpers import checks
from helpers.networks import ACTIVATIONS

# Standard normal nodes and weights: an even grid, which does not mind kinks and converges fast for smooth functions
# (to 1e-4 up to q = 60; at q = 10,000, where a tanh is a step from node to node, to 3 %).
_NODES = np.linspace(-8.0, 8.0, 257)
_WEIGHTS = np.exp(-0.5 * _NODES**2)
_WEIGHTS /= _WEIGHTS.sum()


def mean_squares(activation, q):
    """E f(z)² and E f'(z)² for z ~ N(0, q): of a unit's value, and what passing back through it does to a gradient.

    Arguments: activation: a name in networks.ACTIVATIONS; q >= 0, a number or an array.
    Returns: two arrays of the shape of q.
    """
    unit = checks.choice("activation", activation, ACTIVATIONS)
    q = np.asarray(checks.numbers_or_array("q", q, minimum=0))
    if activation in ("relu", "linear"):  # f(cz) = c f(z) for c > 0: exact, at any size
        share = 0.5 if activation == "relu" else 1.0
        return share * q, np.full(q.shape, share)
    z = np.sqrt(q)[..., None] * _NODES
    a = unit.function(z)
    return a**2 @ _WEIGHTS, unit.derivative(z, a) ** 2 @ _WEIGHTS


def fixed_point(activation, gain, num_layers=400):
    """The q at which the length map q ← gain² E f(z)² comes to rest, started at q = 1: 0, finite, or infinite.

    gain = √(m Var W) >= 0, a number or an array; biases are 0. For ReLU and linear units q moves nowhere at the
    critical
    gain, and to 0 or infinity elsewhere.

    Returns: an array of the shape of gain. Source: Poole et al. 2016.
    """
    gain = np.asarray(checks.numbers_or_array("gain", gain, minimum=0))
    q = np.ones(gain.shape)
    for _ in range(num_layers):
        q = np.minimum(gain**2 * mean_squares(activation, q)[0], 1e200)
    return np.where(q < 1e-12, 0.0, np.where(q > 1e12, np.inf, q))


def gradient_factor(activation, gain):
    """χ = gain² E f'(z)² at the fixed point of the length map: what one layer does to the gradient's mean square.

    χ < 1: gradients vanish with depth; χ > 1: they explode; χ = 1: the edge.

    Arguments and returns as fixed_point. Source: Poole et al. 2016; Schoenholz et al. 2017.
    """
    q = fixed_point(activation, gain)
    return np.asarray(gain) ** 2 * mean_squares(activation, np.where(np.isfinite(q), q, 1.0))[1]


# The gain at which χ = 1 with biases 0 (Schoenholz et al. 2017; He et al. 2015 for ReLU). Sigmoids have none worth
# using: χ reaches 1 only near gain 10, where most of them are saturated.
CRITICAL_GAIN = {"linear": 1.0, "relu": float(np.sqrt(2.0)), "tanh": 1.0}


def weight_variance(scheme, fan_in, fan_out, gain=1.0):
    """Var(W) of a scheme; gain multiplies its own weights (for He: 1 means 2/m).

    scheme: "glorot", "fan_in" (U(±1/√m)), "he", "orthogonal", "sparse" or "slip" (U(±6/√(m + n))).
    """
    m, n = checks.integer("fan_in", fan_in, minimum=1), checks.integer("fan_out", fan_out, minimum=1)
    variance = checks.choice("scheme", scheme, {
        "glorot": 2 / (m + n), "fan_in": 1 / (3 * m), "he": 2 / m, "orthogonal": 1 / max(m, n), "sparse": 1 / m,
        "slip": 12 / (m + n),
    })  # fmt: skip
    return variance * checks.number("gain", gain, minimum=0) ** 2


def signals(scheme, gain, sizes, activation, inputs):
    """Root mean squares of activations and of back-propagated gradients, layer by layer, by mean-field theory.

    Forward: q_1 = m Var(W_1) mean x², q_{l+1} = m Var(W_{l+1}) E f(z_l)²; backward: mean δ_l² = n_{l+1} Var(W_{l+1})
    E f'(z_l)² mean δ_{l+1}². Each example has its own q; the means over the examples are returned.

    Arguments:
        scheme: as in weight_variance, or "lsuv" (the scale of each layer so that q = gain²), or "constant" (all
            weights gain/m; no mean field: then all units of a layer are equal, and this is exact).
        sizes: units per layer; activation: of the hidden layers, the last layer is linear; inputs: shape (N, sizes[0]).

    Returns: (forward, backward): forward[l], l = 0, 1, ..., of a_l in hidden layer l + 1; backward[l] of δ there,
        divided by that of the output layer. With constant weights the gradients are 0.
    Source: Glorot & Bengio 2010; He et al. 2015; Poole et al. 2016.
    """
    inputs = checks.finite_array("inputs", inputs, shape=(len(inputs), sizes[0]))
    hidden = len(sizes) - 2
    with np.errstate(all="ignore"):
        if scheme == "constant":
            return _constant(gain, hidden, ACTIVATIONS[activation].function, inputs), np.zeros(hidden)
        # Eight lengths, each for as many examples: a mean over them is as good as over all, and much faster.
        lengths = np.array([part.mean() for part in np.array_split(np.sort((inputs**2).mean(axis=1)), 8)])
        forward, factors, slope = [], [], None
        for m, n in zip(sizes[:-1], sizes[1:], strict=True):
            variance = gain**2 / (m * lengths) if scheme == "lsuv" else weight_variance(scheme, m, n, gain)
            q = np.minimum(m * variance * lengths, 1e200)
            if slope is not None:
                factors.append(n * np.mean(variance) * slope)
            lengths, slope = mean_squares(activation, q)
            forward.append(np.sqrt(lengths.mean()))
        products = np.cumprod(np.array(factors)[::-1], axis=0)[::-1]
    return np.array(forward[:-1]), np.sqrt(products.mean(axis=-1))


def _constant(gain, hidden, function, inputs):
    z, forward = gain * inputs.mean(axis=1), []
    for _ in range(hidden):
        forward.append(np.sqrt(np.mean(function(z) ** 2)))
        z = gain * function(z)
    return np.array(forward)


def factor_per_layer(values):
    """The factor by which a positive sequence changes from one entry to the next, on geometric average; NaN if < 2."""
    values = np.asarray(values, dtype=float)
    with np.errstate(all="ignore"):
        return float((values[-1] / values[0]) ** (1 / (len(values) - 1))) if len(values) > 1 else float("nan")


def entropy(shares):
    """−Σ c log c of class shares c that sum to 1, in nats: the cost of a net whose softmax answers c for every
    input.
    """
    shares = checks.finite_array("shares", shares, ndim=1)
    if np.any(shares < 0) or abs(shares.sum() - 1) > 1e-9:
        checks.fail("shares", "numbers >= 0 that sum to 1", shares)
    return float(-np.sum(shares[shares > 0] * np.log(shares[shares > 0])))


def rectified(q, bias):
    """ReLU units whose weighted sums are N(bias, q): the share that is active, and E f(z)².

    Active: Φ(b/√q). Mean square: (q + b²) Φ(b/√q) + b √q φ(b/√q), φ and Φ the standard normal density and distribution.

    Arguments: q > 0, an array; bias: a number.
    Returns: two arrays like q.
    """
    ratio = bias / np.sqrt(q)
    active = np.array([0.5 * (1 + math.erf(r / math.sqrt(2))) for r in np.ravel(ratio)]).reshape(np.shape(ratio))
    density = np.exp(-0.5 * ratio**2) / math.sqrt(2 * math.pi)
    return active, (q + bias**2) * active + bias * np.sqrt(q) * density


def active_shares(sizes, gain, bias, inputs):
    """The share of active ReLU units per hidden layer, Var W = gain²/m, all biases equal: shape (len(sizes) − 2,)."""
    lengths, shares = (np.asarray(inputs) ** 2).mean(axis=1), []
    for _ in sizes[1:-1]:
        active, lengths = rectified(np.maximum(gain**2 * lengths, 1e-300), bias)
        shares.append(float(active.mean()))
    return np.array(shares)


def gradient_descent_keeps(curvatures, learning_rate, num_steps):
    """The share (1 − ελ)^k of the distance from start to minimum that k steps leave, along curvature λ."""
    return (1 - learning_rate * np.asarray(curvatures)) ** num_steps


def prior_keeps(curvatures, precision):
    """The same for the minimum of J + ½ precision ‖θ − θ_0‖², a Gaussian prior around the start:
    precision/(precision + λ).
    """
    return precision / (precision + np.asarray(curvatures))
