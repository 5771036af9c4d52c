"""The algorithms of section 8.5 line by line: the book's lines with the numbers of one step beside them.

A second, independent computation: plain numbers, one coordinate at a time, from nothing but the state before the step.
"""

from math import sqrt

# Of each method: its title, the state it carries (with its symbol), and its hyper-parameters in the order of its lines.
TITLES = {
    "adagrad": "Algorithm 8.4: AdaGrad",
    "rmsprop": "Algorithm 8.5: RMSProp",
    "rmsprop_nesterov": "Algorithm 8.6: RMSProp with Nesterov momentum",
    "adam": "Algorithm 8.7: Adam",
    "adadelta": "AdaDelta (Zeiler 2012)",
}
STATES = {
    "adagrad": {"accumulator": "r"},
    "rmsprop": {"accumulator": "r"},
    "rmsprop_nesterov": {"accumulator": "r", "velocity": "v"},
    "adam": {"first_moment": "s", "second_moment": "r"},
    "adadelta": {"accumulator": "r", "step_accumulator": "u"},
}


def _quotient(numerator, denominator):
    """A step whose gradient is 0 is 0, also with δ = 0."""
    if denominator == 0:
        return 0.0 if numerator == 0 else float("nan")
    return numerator / denominator


def _adagrad(p, theta, state, g):
    r = [ri + gi * gi for ri, gi in zip(state["accumulator"], g, strict=True)]
    step = [-_quotient(p["learning_rate"] * gi, p["delta"] + sqrt(ri)) for gi, ri in zip(g, r, strict=True)]
    return [
        ("g ← ∇J(θ)", g),
        ("r ← r + g ⊙ g", r),
        ("Δθ ← −ε/(δ + √r) ⊙ g", step),
        ("θ ← θ + Δθ", [t + d for t, d in zip(theta, step, strict=True)]),
    ]


def _rmsprop(p, theta, state, g):
    rho = p["rho"]
    r = [rho * ri + (1 - rho) * gi * gi for ri, gi in zip(state["accumulator"], g, strict=True)]
    step = [-_quotient(p["learning_rate"] * gi, sqrt(p["delta"] + ri)) for gi, ri in zip(g, r, strict=True)]
    return [
        ("g ← ∇J(θ)", g),
        ("r ← ρ r + (1−ρ) g ⊙ g", r),
        ("Δθ ← −ε/√(δ + r) ⊙ g", step),
        ("θ ← θ + Δθ", [t + d for t, d in zip(theta, step, strict=True)]),
    ]


def _rmsprop_nesterov(p, theta, state, g):
    rho, alpha, old = p["rho"], p["momentum"], state["velocity"]
    ahead = [t + alpha * v for t, v in zip(theta, old, strict=True)]
    r = [rho * ri + (1 - rho) * gi * gi for ri, gi in zip(state["accumulator"], g, strict=True)]
    scaled = [_quotient(p["learning_rate"] * gi, sqrt(p["delta"] + ri)) for gi, ri in zip(g, r, strict=True)]
    v = [alpha * vi - si for vi, si in zip(old, scaled, strict=True)]
    return [
        ("θ̃ ← θ + α v", ahead),
        ("g ← ∇J(θ̃)", g),
        ("r ← ρ r + (1−ρ) g ⊙ g", r),
        ("v ← α v − ε/√(δ + r) ⊙ g", v),
        ("θ ← θ + v", [t + vi for t, vi in zip(theta, v, strict=True)]),
    ]


def _adam(p, theta, state, g):
    b1, b2, t = p["beta1"], p["beta2"], p["step"]
    s = [b1 * si + (1 - b1) * gi for si, gi in zip(state["first_moment"], g, strict=True)]
    r = [b2 * ri + (1 - b2) * gi * gi for ri, gi in zip(state["second_moment"], g, strict=True)]
    on = p.get("bias_correction", True)
    s_hat = [si / (1 - b1**t) for si in s] if on else s
    r_hat = [ri / (1 - b2**t) for ri in r] if on else r
    step = [-_quotient(p["learning_rate"] * a, sqrt(b) + p["delta"]) for a, b in zip(s_hat, r_hat, strict=True)]
    names = ("ŝ ← s/(1 − ρ₁ᵗ)", "r̂ ← r/(1 − ρ₂ᵗ)") if on else ("ŝ ← s  (no correction)", "r̂ ← r  (no correction)")
    return [
        ("g ← ∇J(θ)", g),
        ("s ← ρ₁ s + (1−ρ₁) g", s),
        ("r ← ρ₂ r + (1−ρ₂) g ⊙ g", r),
        (names[0], s_hat),
        (names[1], r_hat),
        ("Δθ ← −ε ŝ/(√r̂ + δ)", step),
        ("θ ← θ + Δθ", [a + d for a, d in zip(theta, step, strict=True)]),
    ]


def _adadelta(p, theta, state, g):
    rho, delta, old = p["rho"], p["delta"], state["step_accumulator"]
    r = [rho * ri + (1 - rho) * gi * gi for ri, gi in zip(state["accumulator"], g, strict=True)]
    step = [-_quotient(sqrt(delta + ui) * gi, sqrt(delta + ri)) for ui, ri, gi in zip(old, r, g, strict=True)]
    u = [rho * ui + (1 - rho) * d * d for ui, d in zip(old, step, strict=True)]
    new = [t + p["learning_rate"] * d for t, d in zip(theta, step, strict=True)]
    return [
        ("g ← ∇J(θ)", g),
        ("r ← ρ r + (1−ρ) g ⊙ g", r),
        ("Δθ ← −√(δ + u)/√(δ + r) ⊙ g", step),
        ("u ← ρ u + (1−ρ) Δθ ⊙ Δθ", u),
        ("θ ← θ + ε Δθ", new),
    ]


_LINES = {
    "adagrad": _adagrad,
    "rmsprop": _rmsprop,
    "rmsprop_nesterov": _rmsprop_nesterov,
    "adam": _adam,
    "adadelta": _adadelta,
}


def num_lines(method):
    """How many lines one step of the method has."""
    return {"adagrad": 4, "rmsprop": 4, "rmsprop_nesterov": 5, "adam": 7, "adadelta": 5}[method]


def step_lines(method, run, step, **hyper_parameters):
    """The lines of step `step` = 1, 2, … of a recorded run: a list of (line, its values by coordinate).

    The values are computed anew from θ and the state before the step and the gradient of the step. NaN after
    divergence.

    Arguments: method: a key of TITLES; run: a Trajectory of a single run, every step recorded; hyper_parameters: all of
        the method's.
    """
    before = {}
    for name in STATES[method]:
        row = run.variables[name][step - 1]
        before[name] = [0.0] * len(row) if step == 1 else row.tolist()
    theta, g = run.theta[step - 1].tolist(), run.gradient[step].tolist()
    try:
        return _LINES[method]({**hyper_parameters, "step": step}, theta, before, g)
    except OverflowError:  # Python's numbers refuse where NumPy's go to infinity
        return [("diverged", [float("nan")] * len(g))] * num_lines(method)
