"""The optimizers, the linear decay, clipping and the landscapes against the answers of PyTorch 2.13.

tests/reference/torch_trajectories.json was made by the script beside it, with torch.optim's own optimizers and
gradients from autograd. Where PyTorch's rule is not the book's, the conversion is a function here and a test holds it.
"""

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import landscapes
from helpers.clipping import clip_by_norm, clip_by_value
from helpers.descent import descend
from helpers.optimizers import METHODS, momentum, rmsprop
from helpers.schedules import linear_decay

REFERENCE = json.loads((Path(__file__).parent / "reference" / "torch_trajectories.json").read_text(encoding="utf-8"))
STEPS = REFERENCE["steps"]
LANDSCAPES = {
    "quadratic": landscapes.quadratic(REFERENCE["matrix"]),
    "rosenbrock": landscapes.rosenbrock(),
    "rosenbrock_4": landscapes.rosenbrock(4),
    "himmelblau": landscapes.himmelblau(),
    "beale": landscapes.beale(),
    "saddle": landscapes.saddle(),
    "monkey_saddle": landscapes.monkey_saddle(),
    "plateau": landscapes.plateau(),
    "cliff": landscapes.cliff(),
    "mountain_1": landscapes.mountain(1),
    "mountain_2": landscapes.mountain(2),
    "rastrigin": landscapes.rastrigin(),
}
# Both sides round every operation at 1e-16, in another order; over 100 steps at most 1e-14 has been seen to come of it.
CLOSE = {"rtol": 1e-12, "atol": 1e-13}


def converted(method, torch_options):
    """PyTorch's arguments under the names of this collection."""
    torch_options = dict(torch_options)
    ours = {"learning_rate": torch_options.pop("lr")}
    if "betas" in torch_options:
        ours["beta1"], ours["beta2"] = torch_options.pop("betas")
    assert torch_options.pop("nesterov", False) == (method == "nesterov")
    assert torch_options.pop("initial_accumulator_value", 0) == 0  # the book's accumulator starts at 0 too
    names = {"momentum": "momentum", "alpha": "rho", "rho": "rho", "eps": "delta"}
    ours |= {names[name]: value for name, value in torch_options.items()}
    if method in ("rmsprop", "rmsprop_nesterov"):
        # PyTorch's eps stands outside the root and the book's δ inside: only without them the rules are one.
        assert ours.setdefault("delta", 0) == 0
    return ours


def torch_parameters(method, trajectory, ours):
    """What PyTorch holds as parameters at STEPS: for Nesterov's method, the interim point θ + α v of the next step."""
    theta = trajectory.theta[STEPS]
    return theta + ours["momentum"] * trajectory.velocity[STEPS] if method == "nesterov" else theta


def torch_state(trajectory, ours):
    """PyTorch's state tensors at STEPS, under its names, from ours."""
    known = {
        # PyTorch's buffer sums gradients, the book's velocity sums steps: b = −v/ε.
        "momentum_buffer": lambda t: -t.velocity / ours["learning_rate"],
        "sum": lambda t: t.accumulator,
        "square_avg": lambda t: t.accumulator,
        "acc_delta": lambda t: t.step_accumulator,
        "exp_avg": lambda t: t.first_moment,
        "exp_avg_sq": lambda t: t.second_moment,
    }
    return lambda name: known[name](trajectory)[STEPS]


def identity(record):
    numbers = ",".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in record["torch"].items())
    return f"{record['method']}-{record['landscape']}-{numbers}"


def test_the_reference_was_made_by_torch_2_13_and_holds_every_method():
    assert REFERENCE["torch"].startswith("2.13.")
    covered = {(run["method"], run["landscape"]) for run in REFERENCE["runs"]}
    assert {method for method, _ in covered} == set(METHODS)
    assert len(covered) == 5 * len(METHODS)
    assert len(REFERENCE["runs"]) == 2 * len(covered)
    assert max(STEPS) == 100


@pytest.mark.parametrize("record", REFERENCE["runs"], ids=identity)
def test_method_walks_the_path_of_torch(record):
    ours = converted(record["method"], record["torch"])
    trajectory = descend(record["method"], LANDSCAPES[record["landscape"]], record["start"], STEPS[-1], **ours)
    assert_allclose(torch_parameters(record["method"], trajectory, ours), record["theta"], **CLOSE)
    state = torch_state(trajectory, ours)
    for name, expected in record["state"].items():
        # Relative to the largest entry: where a gradient passes through 0, rounding is all that is left of it.
        assert_allclose(state(name), expected, rtol=1e-11, atol=1e-12 * np.abs(expected).max(), err_msg=name)


SCHEDULED = {record["method"]: record for record in REFERENCE["scheduled_runs"]}


def decay_of(record):
    rate, schedule = record["torch"]["lr"], record["schedule"]
    assert schedule["start_factor"] == 1
    return linear_decay(rate, schedule["end_factor"] * rate, schedule["total_iters"])


@pytest.mark.parametrize("method", SCHEDULED)
def test_linear_decay_is_linear_lr(method):
    record = SCHEDULED[method]
    # LinearLR multiplies its last value by a ratio each step, so its rounding adds up over the steps.
    assert_allclose(decay_of(record)(np.arange(STEPS[-1])), record["learning_rates"], rtol=1e-12)


@pytest.mark.parametrize("method", ["sgd", "adam"])
def test_method_under_a_schedule_walks_the_path_of_torch(method):
    record = SCHEDULED[method]
    ours = converted(method, record["torch"]) | {"learning_rate": decay_of(record)}
    trajectory = descend(method, LANDSCAPES["quadratic"], record["start"], STEPS[-1], **ours)
    assert_allclose(trajectory.theta[STEPS], record["theta"], **CLOSE)


def test_momentum_under_a_schedule_is_torchs_only_after_a_conversion():
    """PyTorch steps by −ε_k b with b ← α b + g. With v_k = −ε_k b_k this reads v ← α (ε_k/ε_{k−1}) v − ε_k g: a change
    of the rate rescales the whole velocity at once, while in the book's rule it bears on the new gradients only."""
    record = SCHEDULED["momentum"]
    rate, alpha = decay_of(record), record["torch"]["momentum"]

    def rescaled(k):
        return alpha * rate(k) / rate(max(k - 1, 0))

    path = {}
    for name, value in (("book", alpha), ("torch", rescaled)):
        path[name] = descend(momentum, LANDSCAPES["quadratic"], record["start"], STEPS[-1],
                             learning_rate=rate, momentum=value).theta[STEPS]  # fmt: skip
    assert_allclose(path["torch"], record["theta"], **CLOSE)
    # One path in the first step; in the second the velocities differ by 1.65 % (ε_1/ε_0 = 0.9835); then they part.
    assert_allclose(path["book"][0], record["theta"][0], rtol=1e-14)
    apart = np.abs(path["book"] - record["theta"]).max(axis=-1)
    velocity_1 = np.abs(np.subtract(record["theta"][0], record["start"])).max()
    assert apart[1] == pytest.approx(alpha * (1 - rate(1) / rate(0)) * velocity_1, rel=1e-9)
    assert apart[2:].min() > 1e-3


@pytest.mark.parametrize("record", REFERENCE["driven_rmsprop"], ids=lambda record: f"delta={record['torch']['eps']}²")
def test_rmsprop_has_delta_inside_the_root_and_torch_outside(record):
    """Both rules fed the same gradients: the steps differ by the factor (√r + eps)/√(δ + r) and by nothing else. With
    δ = eps² that is between 1 (r = 0, or r large) and √2 (r = δ)."""
    gradients = iter(record["gradients"])
    eps = record["torch"]["eps"]
    states = rmsprop(lambda theta: next(gradients), [0.0, 0.0], learning_rate=record["torch"]["lr"],
                     rho=record["torch"]["alpha"], delta=eps**2)  # fmt: skip
    states = list(islice(states, len(record["steps"])))
    step = np.diff([np.zeros(2)] + [state.theta for state in states], axis=0)
    r = np.array([state.accumulator for state in states])
    factor = (np.sqrt(r) + eps) / np.sqrt(eps**2 + r)
    assert_allclose(step, np.array(record["steps"]) * factor, rtol=1e-10, atol=1e-16)
    ratio = step / record["steps"]
    assert ratio.min() > 1 and ratio.max() < np.sqrt(2) * (1 + 1e-12)


def test_the_driven_gradients_pass_through_every_regime_of_delta():
    size = [np.abs(record["gradients"]).mean() / record["torch"]["eps"] for record in REFERENCE["driven_rmsprop"]]
    assert size[0] > 100 and 0.1 < size[1] < 10 and size[2] < 0.1


def test_clip_by_norm_is_clip_grad_norm_but_for_its_constant():
    """PyTorch multiplies by min(1, max_norm/(‖g‖ + 1e-6)): what it clips is shorter by the factor ‖g‖/(‖g‖ + 1e-6)."""
    record = REFERENCE["clipping"]
    norm = np.linalg.norm(record["gradients"], axis=-1, keepdims=True)
    ours = clip_by_norm(record["gradients"], record["max_norm"])
    clipped = norm > record["max_norm"]
    assert 0 < clipped.sum() < len(clipped)
    assert_allclose(ours * np.where(clipped, norm / (norm + 1e-6), 1), record["by_norm"], rtol=1e-14)


def test_clip_by_value_is_clip_grad_value_():
    record = REFERENCE["clipping"]
    assert_array_equal(clip_by_value(record["gradients"], record["max_value"]), record["by_value"])


@pytest.mark.parametrize("name", LANDSCAPES)
@pytest.mark.parametrize("kind", ["loss", "gradient", "hessian"])
def test_landscape_agrees_with_autograd(name, kind):
    record = REFERENCE["values"][name]
    actual = getattr(LANDSCAPES[name], kind)(record["points"])
    scale = np.abs(record[kind]).max()
    assert_allclose(actual, record[kind], rtol=1e-11, atol=1e-14 * scale)


def test_every_landscape_is_compared_with_autograd():
    assert set(REFERENCE["values"]) == set(LANDSCAPES)
