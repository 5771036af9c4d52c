"""Make initializers.json: what PyTorch's torch.nn.init gives, to test helpers.initializers against.

    python tests/reference/make_initializer_reference.py

It needs NumPy and PyTorch; the stored file was made with PyTorch 2.13 on a CPU, in float64. Random numbers of two
libraries cannot be compared one by one; what is stored are statistics of many draws: the standard deviation, the fourth
moment over the squared second (1.8 uniform, 3 normal), the range in standard deviations, the singular values.

torch.nn.Linear keeps its weights as (fan_out, fan_in), the transpose of ours.
"""

import json
import math
from pathlib import Path

import torch
from torch.nn import Linear, init

SHAPES = [(64, 64), (100, 25), (12, 300)]  # fan_in, fan_out
RULES = {
    "glorot_uniform": lambda w, gain: init.xavier_uniform_(w, gain=gain),
    "he_normal": lambda w, gain: init.kaiming_normal_(w, nonlinearity="relu").mul_(gain / math.sqrt(2)),
    "orthogonal": lambda w, gain: init.orthogonal_(w, gain=gain),
    # The default of Linear itself, not a rule of torch.nn.init: that is what is to be pinned down.
    "uniform_fan_in": lambda w, gain: w.copy_(Linear(w.shape[1], w.shape[0], dtype=w.dtype).weight).mul_(gain),
    # sparse_ counts non-zeros by column: on the transpose, (fan_in, fan_out), these are a unit's incoming weights.
    "sparse": lambda w, gain: init.sparse_(w.t(), sparsity=1 - 5 / w.shape[1], std=gain / math.sqrt(5)),
}


@torch.no_grad()
def statistics(rule, shape, gain, draws=400):
    fan_in, fan_out = shape
    weights = torch.empty(draws, fan_out, fan_in, dtype=torch.float64)
    for each in weights:
        RULES[rule](each, gain)
    flat = weights.flatten()
    singular = torch.linalg.svdvals(weights[0])
    return {
        "rule": rule, "shape": shape, "gain": gain, "std": flat.std().item(),
        "kurtosis": ((flat**4).mean() / (flat**2).mean() ** 2).item(),
        "range": (flat.abs().max() / flat.std()).item(),
        "nonzero_per_unit": (weights != 0).sum(dim=2).double().mean().item(),
        "singular_values": [singular.min().item(), singular.max().item()],
    }  # fmt: skip


if __name__ == "__main__":
    torch.manual_seed(0)
    gains = {name: init.calculate_gain(name) for name in ("linear", "sigmoid", "tanh", "relu")}
    cases = [statistics(rule, shape, gain) for rule in RULES for shape in SHAPES for gain in (1.0, 1.7)]
    path = Path(__file__).with_name("initializers.json")
    reference = {"torch": torch.__version__, "gains": gains, "cases": cases}
    path.write_text(json.dumps(reference, indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes, PyTorch {torch.__version__}")
