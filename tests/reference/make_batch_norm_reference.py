"""Make batch_norm.json: what PyTorch computes for small batch-normalized networks, to test helpers.batch_normalization.

    python tests/reference/make_batch_norm_reference.py

It needs NumPy and PyTorch; the stored file was made with PyTorch 2.13 on a CPU, in float64.

The networks are torch.nn modules: Linear without bias, BatchNorm1d, the unit, and a Linear at the end. Linear keeps its
weights as (fan_out, fan_in), the transpose of ours. BatchNorm1d keeps the unbiased variance for test time; so the
running statistics are set by hand for the evaluation, and the update of the averages is recorded from one of momentum.
"""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

SIZES, NUM_EXAMPLES, DELTA = (6, 5, 4, 3), 8, 1e-3
UNITS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}


def build(activation):
    """The network as a torch.nn.Sequential of float64 modules."""
    modules = []
    for fan_in, fan_out in pairwise(SIZES[:-1]):
        modules += [
            torch.nn.Linear(fan_in, fan_out, bias=False, dtype=torch.float64),
            torch.nn.BatchNorm1d(fan_out, eps=DELTA, momentum=0.1, dtype=torch.float64),
            UNITS[activation](),
        ]
    return torch.nn.Sequential(*modules, torch.nn.Linear(*SIZES[-2:], dtype=torch.float64))


def flatten(tensors):
    """Weights, γ, β (weights, biases at the end) as one flat list: the weights (fan_in, fan_out) row by row."""
    return [number for tensor in tensors for number in np.transpose(tensor.detach().numpy()).ravel().tolist()]


def case(activation, seed):
    random = np.random.default_rng(seed)
    network = build(activation)
    parameters = list(network.parameters())
    for tensor in parameters:
        tensor.data = torch.from_numpy(random.normal(0.0, 0.8, tuple(tensor.shape)))
    inputs = torch.from_numpy(random.normal(size=(NUM_EXAMPLES, SIZES[0])))
    labels = torch.from_numpy(random.integers(0, SIZES[-1], NUM_EXAMPLES))
    logits = network.train()(inputs)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    gradient = torch.autograd.grad(loss, parameters)
    layers = [module for module in network if isinstance(module, torch.nn.BatchNorm1d)]
    running = [[layer.running_mean.tolist(), layer.running_var.tolist()] for layer in layers]  # after one minibatch
    statistics = []
    for layer in layers:
        mean, variance = random.normal(size=layer.num_features), random.uniform(0.5, 2.0, layer.num_features)
        layer.running_mean, layer.running_var = torch.from_numpy(mean), torch.from_numpy(variance)
        statistics.append([mean.tolist(), variance.tolist()])
    return {
        "activation": activation, "sizes": SIZES, "delta": DELTA, "theta": flatten(parameters),
        "inputs": inputs.tolist(), "labels": labels.tolist(), "logits": logits.tolist(), "loss": loss.item(),
        "gradient": flatten(gradient), "running": running, "statistics": statistics,
        "logits_at_test_time": network.eval()(inputs).tolist(),
    }  # fmt: skip


if __name__ == "__main__":
    reference = {"torch": torch.__version__, "cases": [case(name, seed) for seed, name in enumerate(UNITS)]}
    path = Path(__file__).with_name("batch_norm.json")
    path.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, PyTorch {torch.__version__}")
