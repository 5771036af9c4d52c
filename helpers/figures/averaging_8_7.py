"""The figures of lesson 8.7.3, Polyak averaging. Each takes the compute function that stands in the notebook."""

import numpy as np

from helpers import averaging, plots, style
from helpers.controls import choice, int_slider, log_slider, point, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_LOOKS = {
    "θ itself": {"color": style.VERMILION, "linestyle": "-", "marker": "o"},
    "uniform average": {"color": style.BLUE, "linestyle": "--", "marker": "^"},
    "exponential average": {"color": style.GREEN, "linestyle": "-.", "marker": "s"},
}


@style.applied()
def valley(compute, bowl, num_steps=400):
    """SGD across a valley and its two averages. compute(learning_rate, noise, rho, first_step, start) -> (Trajectory of
    many runs with both averages, those values).
    """
    curvatures = np.diag(bowl.hessian(np.zeros(2)))
    stage = Stage(1000, 440, width_ratios=[1, 1.1])
    land, cost = stage.axes
    plots.cost_map(land, bowl)
    land.set_title("the first 150 steps of one run")
    sizes = {"θ itself": (1.5, 0.6), "uniform average": (3, 1.6), "exponential average": (3, 1.6)}
    trails = {}
    for (name, look), (dot, width) in zip(_LOOKS.items(), sizes.values(), strict=True):
        trails[name] = plots.trail(land, label=name, markersize=dot, linewidth=width, **look)
    land.legend(loc="upper right", fontsize=12)
    plots.step_axes(cost, num_steps, 1e-5, 1e2, ylabel="mean J", log_steps=True, title="mean cost of 300 runs")
    lines = {}
    for name, look in _LOOKS.items():
        lines[name] = plots.curve(cost, color=look["color"], linestyle=look["linestyle"])
        cost.plot([], [], label=name, color=look["color"], linestyle=look["linestyle"])
    exact = [plots.curve(cost, **style.THEORY) for _ in _LOOKS]
    cost.plot([], [], label="theory", **style.THEORY)
    cost.legend(loc="lower left", fontsize=12)
    gone = plots.note(cost, 0.97, 0.97)

    def draw(result):
        run, settings = result
        paths = {
            "θ itself": run.theta,
            "uniform average": np.concatenate([run.theta[:1], run.uniform_average[1:]]),
            "exponential average": np.concatenate([run.theta[:1], run.exponential_average[1:]]),
        }
        start = run.theta[0, 0]
        rate, noise, rho, first = (settings[name] for name in ("learning_rate", "noise", "rho", "first_step"))
        squares = sum(
            0.5 * c * averaging.expected_squares(c, x, noise, rate, num_steps, rho, first)
            for c, x in zip(curvatures, start, strict=True)
        )
        rows = []
        for index, (name, path) in enumerate(paths.items()):
            with np.errstate(all="ignore"):
                mean = np.mean(0.5 * np.sum(curvatures * path**2, axis=-1), axis=1)
            trails[name].set(path[:151, 0])
            lines[name].set_data(run.steps, mean)
            exact[index].set_data(run.steps, squares[:, index])
            rows.append(Row(f"{name}: mean cost after {num_steps} steps", squares[-1, index], mean[-1], rtol=0.25))
        gone.set_text("diverged" if run.diverged.any() else "")
        return rows

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.02, 2.2, 1.5),
            "noise": slider("σ gradient noise", 0, 2, 0.5, step=0.05),
            "rho": slider("ρ of the exponential average", 0.5, 0.995, 0.95, step=0.005),
            "first_step": int_slider("uniform: leave out the first", 0, 300, 0, step=10),
            "start": point(land, bowl.start),
        },
        description="Left: a path that jumps from wall to wall of a valley, and the two averages of its points, which "
        "run calmly along the bottom. Right: the mean cost of the last point and of both averages by step.",
        presets={
            "bounces for ever": {"learning_rate": 2.0, "noise": 0.0},
            "noise, large ε": {},
            "noise, small ε": {"learning_rate": 0.05},
            "leave out the journey": {"first_step": 50},
            "long memory": {"rho": 0.995},
        },
    )


@style.applied()
def digits(compute, num_epochs=8):
    """A real net and its averages. compute(learning_rate, batch_size, rho, first_epoch) -> dict, see draw."""
    stage = Stage(1000, 400, width_ratios=[1.2, 1])
    cost, error = stage.axes
    plots.step_axes(
        cost, num_epochs, 4e-3, 8, ylabel="training cost", xlabel="epoch", title="64-32-10 net on the digits"
    )
    plots.step_axes(error, num_epochs, 1, 100, ylabel="%", xlabel="epoch", title="validation digits misread")
    error.set_yticks([1, 2, 5, 10, 20, 50, 100], labels=["1", "2", "5", "10", "20", "50", "100"])
    costs, errors = {}, {}
    for name, look in _LOOKS.items():
        costs[name], errors[name] = plots.curve(cost, **look), plots.curve(error, **look)
        cost.plot([], [], label=name, **look)
    cost.legend(loc="lower left")
    gone = plots.note(cost, 0.97, 0.97)

    def draw(result):
        for name in _LOOKS:
            epochs = np.arange(len(result["cost"][name]))
            costs[name].set_data(epochs, result["cost"][name])
            errors[name].set_data(epochs, 100 * result["error"][name])
        last = result["cost"]["θ itself"][-1]
        gone.set_text("" if np.isfinite(last) else "diverged")
        return [
            Row("what averaging gains: mean of ½ dᵀHd | mean of J(θ) − J(average)", *result["gain"], rtol=0.35),
            *[Row(f"{name}: training cost at the end", None, result["cost"][name][-1]) for name in _LOOKS],
            *[Row(f"{name}: misread at the end, %", None, 100 * result["error"][name][-1]) for name in _LOOKS],
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.03, 1.5, 0.5),
            "batch_size": choice("m minibatch size", [10, 20, 50], 10),
            "rho": choice("ρ of the exponential average", [0.9, 0.99, 0.995, 0.999], 0.99),
            "first_epoch": int_slider("uniform: from epoch", 0, num_epochs - 1, 3),
        },
        description="Training cost and share of validation digits misread by epoch, of the network as it is "
        "trained at a "
        "constant learning rate and of the uniform and the exponential average of its parameters.",
        presets={
            "constant, large ε": {},
            "small ε": {"learning_rate": 0.05},
            "average from the start": {"first_epoch": 0},
            "memory too long": {"rho": 0.999},
            "ε too large": {"learning_rate": 1.3},
        },
    )
