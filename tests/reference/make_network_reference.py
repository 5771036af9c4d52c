"""Make network.json: what PyTorch computes for three small networks, to test helpers.networks against.

    python tests/reference/make_network_reference.py

It needs NumPy and PyTorch; the stored file was made with PyTorch 2.13 on a CPU, in float64.

The networks are ordinary torch.nn modules. torch.nn.Linear keeps its weights as (fan_out, fan_in), the transpose of
ours, so the weights, their gradient and their Hessian-vector product are transposed on the way to the flat vector.
"""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

SIZES, NUM_EXAMPLES = (6, 5, 4, 3), 8
UNITS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}


def build(activation):
    """The network as a torch.nn.Sequential of float64 modules."""
    modules = []
    for fan_in, fan_out in pairwise(SIZES):
        modules += [torch.nn.Linear(fan_in, fan_out, dtype=torch.float64), UNITS[activation]()]
    return torch.nn.Sequential(*modules[:-1])


def flatten(tensors):
    """Weights and biases in the order of Module.parameters() as one flat list: (fan_in, fan_out) row by row, biases."""
    return [number for tensor in tensors for number in np.transpose(tensor.detach().numpy()).ravel().tolist()]


def case(activation, seed):
    random = np.random.default_rng(seed)
    network = build(activation)
    parameters = list(network.parameters())
    direction = []
    for tensor in parameters:
        tensor.data = torch.from_numpy(random.normal(0.0, 0.8, tuple(tensor.shape)))
        direction.append(torch.from_numpy(random.normal(size=tuple(tensor.shape))))
    inputs = torch.from_numpy(random.normal(size=(NUM_EXAMPLES, SIZES[0])))
    labels = torch.from_numpy(random.integers(0, SIZES[-1], NUM_EXAMPLES))
    logits = network(inputs)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    gradient = torch.autograd.grad(loss, parameters, create_graph=True)
    slope = sum((g * v).sum() for g, v in zip(gradient, direction, strict=True))
    product = torch.autograd.grad(slope, parameters)
    return {
        "activation": activation, "sizes": SIZES, "theta": flatten(parameters), "vector": flatten(direction),
        "inputs": inputs.tolist(), "labels": labels.tolist(), "logits": logits.tolist(), "loss": loss.item(),
        "gradient": flatten(gradient), "hessian_vector_product": flatten(product),
    }


if __name__ == "__main__":
    reference = {"torch": torch.__version__, "cases": [case(name, seed) for seed, name in enumerate(UNITS)]}
    path = Path(__file__).with_name("network.json")
    path.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, PyTorch {torch.__version__}")
