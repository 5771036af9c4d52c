"""Write torch_trajectories.json: what PyTorch's own optimizers, schedule, clipping and autograd answer.

    python -m venv torchvenv && torchvenv/bin/pip install torch==2.13.* numpy
    torchvenv/bin/python tests/reference/make_torch_reference.py

Nothing of `helpers` is used: the landscapes are written a second time, as plain formulas, and their gradients come from
autograd. So the tests compare two independent computations. PyTorch is not needed to run the tests.
"""

import json
import math
from pathlib import Path

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

TARGET = Path(__file__).with_name("torch_trajectories.json")
STEPS = (1, 2, 3, 5, 10, 20, 40, 60, 80, 100)  # the steps that are kept
MATRIX = [[3.0, 2.0, 0.0], [2.0, 3.0, 0.5], [0.0, 0.5, 0.4]]


def cliff(w, b):
    x = torch.tensor(0.5)
    for _ in range(50):
        x = w * torch.sigmoid(x) + b
    return (torch.sigmoid(x) - 0.7) ** 2


def mountain(x, y=None):
    width = 1.0 if y is None else torch.exp(-(y**2) / 2)
    return width * (1 / torch.sqrt(1 + x**2) + 0.4 * x / (1 + x**2)) - 0.4 * torch.atan(x)


def rosenbrock(*x):
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


def rastrigin(*x):
    return 10 * len(x) + sum(c**2 - 10 * torch.cos(2 * math.pi * c) for c in x)


LANDSCAPES = {
    "quadratic": (3, lambda *x: torch.stack(x) @ torch.tensor(MATRIX) @ torch.stack(x) / 2),
    "rosenbrock": (2, rosenbrock),
    "rosenbrock_4": (4, rosenbrock),
    "himmelblau": (2, lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2),
    "beale": (2, lambda x, y: sum((c - x + x * y**i) ** 2 for i, c in ((1, 1.5), (2, 2.25), (3, 2.625)))),
    "saddle": (2, lambda x, y: x**2 - y**2),
    "monkey_saddle": (2, lambda x, y: x**3 - 3 * x * y**2),
    "plateau": (2, lambda x, y: 1 - torch.exp(-(x**2 + y**2) / 2)),
    "cliff": (2, cliff),
    "mountain_1": (1, mountain),
    "mountain_2": (2, mountain),
    "rastrigin": (2, rastrigin),
}


def loss_of(landscape, theta):
    return LANDSCAPES[landscape][1](*theta.unbind())


def rmsprop_nesterov(p, lr, alpha, momentum):
    """RMSprop with the gradient handed to it taken at θ + α v = θ − lr α b, where b is its momentum buffer."""
    optimizer = torch.optim.RMSprop([p], lr=lr, alpha=alpha, momentum=momentum, eps=0)

    def lookahead():
        buffer = optimizer.state[p].get("momentum_buffer", torch.zeros_like(p))
        return (p - lr * momentum * buffer).detach().requires_grad_()

    return optimizer, lookahead


def run(method, landscape, start, torch_options, schedule=None, num_steps=STEPS[-1]):
    """The parameters and the optimizer's state tensors at STEPS, with gradients from autograd."""
    p = torch.tensor(start, requires_grad=True)
    if method == "rmsprop_nesterov":
        optimizer, point = rmsprop_nesterov(p, **torch_options)
    else:
        name = {"sgd": "SGD", "momentum": "SGD", "nesterov": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop",
                "adadelta": "Adadelta", "adam": "Adam"}[method]  # fmt: skip
        optimizer = getattr(torch.optim, name)([p], **torch_options)
        point = lambda: p  # noqa: E731
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, **schedule) if schedule else None
    rates, thetas, states = [], [], {}
    for step in range(1, num_steps + 1):
        at = point()
        (p.grad,) = torch.autograd.grad(loss_of(landscape, at), at)
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if scheduler:
            scheduler.step()
        if step in STEPS:
            thetas.append(p.tolist())
            for key, value in optimizer.state[p].items():
                if torch.is_tensor(value) and value.shape == p.shape:
                    states.setdefault(key, []).append(value.tolist())
    record = {"method": method, "landscape": landscape, "start": start, "torch": torch_options}
    if schedule:
        record |= {"schedule": schedule, "learning_rates": rates}
    return record | {"theta": thetas, "state": states}


PLACES = {
    "quadratic": [-2.5, 1.0, 2.0],
    "rosenbrock": [-1.2, 1.0],
    "himmelblau": [0.0, -4.5],
    "plateau": [-2.4, 1.2],
    "mountain_2": [-1.0, 0.3],
}
# A factor on the learning rate: a landscape as steep as Rosenbrock's valley needs a smaller one.
STEEPNESS = {"quadratic": 1, "rosenbrock": 0.005, "himmelblau": 0.05, "plateau": 3, "mountain_2": 1}
DOWNHILL = {  # these step in proportion to the gradient
    "sgd": [{"lr": 0.05}, {"lr": 0.2}],
    "momentum": [{"lr": 0.02, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.5}],
    "nesterov": [{"lr": 0.02, "momentum": 0.9, "nesterov": True}, {"lr": 0.1, "momentum": 0.5, "nesterov": True}],
}
ADAPTIVE = {
    "adagrad": [{"lr": 0.5, "initial_accumulator_value": 0, "eps": 1e-7},
                {"lr": 0.05, "initial_accumulator_value": 0, "eps": 0.1}],
    "rmsprop": [{"lr": 0.005, "alpha": 0.95, "eps": 0}, {"lr": 0.05, "alpha": 0.99, "eps": 0}],
    "rmsprop_nesterov": [{"lr": 0.005, "alpha": 0.95, "momentum": 0.5}, {"lr": 0.002, "alpha": 0.99, "momentum": 0.9}],
    "adadelta": [{"lr": 1.0, "rho": 0.95, "eps": 1e-6}, {"lr": 0.5, "rho": 0.9, "eps": 1e-5}],
    "adam": [{"lr": 0.1, "betas": [0.9, 0.999], "eps": 1e-8}, {"lr": 0.02, "betas": [0.5, 0.9], "eps": 0.01}],
}  # fmt: skip


def runs():
    for method, settings in DOWNHILL.items():
        for landscape, start in PLACES.items():
            for options in settings:
                yield run(method, landscape, start, options | {"lr": options["lr"] * STEEPNESS[landscape]})
    for method, settings in ADAPTIVE.items():
        for landscape, start in PLACES.items():
            for options in settings:
                yield run(method, landscape, start, options)


def scheduled_runs():
    schedule = {"start_factor": 1.0, "end_factor": 0.01, "total_iters": 60}
    for method, options in (("sgd", {"lr": 0.1}), ("momentum", {"lr": 0.05, "momentum": 0.9}), ("adam", {"lr": 0.3})):
        yield run(method, "quadratic", PLACES["quadratic"], options, schedule)


def driven_rmsprop(scale, lr=0.01, alpha=0.9, eps=1e-3, num_steps=30):
    """RMSprop's steps for a given sequence of gradients, whatever the parameters are."""
    generator = torch.Generator().manual_seed(8)
    gradients = scale * torch.randn(num_steps, 2, generator=generator)
    p = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.RMSprop([p], lr=lr, alpha=alpha, eps=eps)
    steps = []
    for g in gradients:
        before = p.detach().clone()
        p.grad = g.clone()
        optimizer.step()
        steps.append((p.detach() - before).tolist())
    return {"torch": {"lr": lr, "alpha": alpha, "eps": eps}, "gradients": gradients.tolist(), "steps": steps}


def values(landscape, dimension, function, generator):
    """Loss, gradient and Hessian by autograd at a few random points: within 2 of the origin, or of the cliff."""
    points = 4 * torch.rand(6, dimension, generator=generator) - 2
    if landscape == "cliff":
        points = torch.tensor([5.2, -2.8]) + points * torch.tensor([0.4, 0.25])

    def f(theta):
        return function(*theta.unbind())

    return {
        "points": points.tolist(),
        "loss": [f(point).item() for point in points],
        "gradient": [torch.autograd.functional.jacobian(f, point).tolist() for point in points],
        "hessian": [torch.autograd.functional.hessian(f, point).tolist() for point in points],
    }


def clipping(generator):
    gradients = torch.randn(8, 5, generator=generator) * torch.logspace(-2, 2, 8)[:, None]

    def clipped(function, bound):
        result = []
        for g in gradients:
            p = torch.zeros(5, requires_grad=True)
            p.grad = g.clone()
            function([p], bound)
            result.append(p.grad.tolist())
        return result

    return {
        "gradients": gradients.tolist(),
        "max_norm": 1.5,
        "by_norm": clipped(torch.nn.utils.clip_grad_norm_, 1.5),
        "max_value": 0.7,
        "by_value": clipped(torch.nn.utils.clip_grad_value_, 0.7),
    }


def main():
    generator = torch.Generator().manual_seed(2016)
    reference = {
        "made_by": f"make_torch_reference.py with PyTorch {torch.__version__}",
        "torch": torch.__version__,
        "steps": STEPS,
        "matrix": MATRIX,
        "runs": list(runs()),
        "scheduled_runs": list(scheduled_runs()),
        "driven_rmsprop": [driven_rmsprop(scale) for scale in (1.0, 1e-3, 1e-5)],
        "values": {name: values(name, *entry, generator) for name, entry in LANDSCAPES.items()},
        "clipping": clipping(generator),
    }
    # One record a line: the file is short, and a difference between two versions of it can be read.
    lines = []
    for key, value in reference.items():
        if isinstance(value, list) and isinstance(value[0], dict):
            text = "[\n  " + ",\n  ".join(json.dumps(record) for record in value) + "\n ]"
        elif key == "values":
            text = "{\n  " + ",\n  ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + "\n }"
        else:
            text = json.dumps(value)
        lines.append(f" {json.dumps(key)}: {text}")
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
