"""The figures of lesson 8.6.3, BFGS and L-BFGS, and the race. Each takes the compute function of the notebook."""

import numpy as np

from helpers import plots, style
from helpers.controls import choice, int_slider, log_slider, point, switch
from helpers.explorer import Explorer
from helpers.figures.conjugate_8_6 import CONJUGATE, LBFGS, STEEPEST
from helpers.readout import Row
from helpers.stage import Stage

BFGS = {"color": style.PURPLE, "linestyle": "-.", "marker": "^"}
_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 120)), np.sin(np.linspace(0, 2 * np.pi, 120))])


@style.applied()
def growing_ellipse(compute, landscapes, num_steps=36):
    """8.6.3: M as an ellipse on its way to H⁻¹. compute(name, start) -> (name, BFGS run, CG run or None)."""
    stage = Stage(1000, 450, width_ratios=[1.1, 1])
    land, ellipses = stage.axes
    path = plots.trail(land, markersize=5, **BFGS)
    shown = {"name": None, "artists": []}

    @style.applied()
    def background(name):
        for artist in shown["artists"]:
            artist.remove()
        before = set(land.get_children())
        plots.cost_map(land, landscapes[name])
        land.set_title(name)
        shown.update(name=name, artists=[a for a in land.get_children() if a not in before])
        stage.stale = True

    background(next(iter(landscapes)))
    ellipses.set(xlim=(-2.8, 2.8), ylim=(-2.8, 2.8), aspect="equal", title="M turns the unit circle into …",
                 xlabel="θ₁", ylabel="θ₂")  # fmt: skip
    ellipses.plot(*_CIRCLE, color=style.GREY, linestyle=":", label="the identity, M₀")
    truth = plots.curve(ellipses, color=style.BLUE, linestyle="--", linewidth=3)
    guess = plots.curve(ellipses, color=style.PURPLE, linewidth=2)
    ellipses.plot([], [], color=style.PURPLE, label="M after step k")
    ellipses.plot([], [], color=style.BLUE, linestyle="--", linewidth=3, label="true H⁻¹ there")
    shared = plots.marks(ellipses, marker="o", size=10, color=style.VERMILION)
    ellipses.plot([], [], "o", color=style.VERMILION, markersize=9, label="where My = s makes them meet")
    ellipses.legend(loc="lower left")
    bent = plots.note(ellipses, 0.03, 0.97)

    def draw(result, step):
        name, run, conjugate = result
        landscape = landscapes[name]
        if name != shown["name"]:
            background(name)
        path.set(run.theta[: num_steps + 1], step)
        m = run.inverse_hessian[step] if step else np.eye(2)
        values = np.linalg.eigvalsh(landscape.hessian(run.theta[step]))
        definite = values[0] > 0
        inverse = np.linalg.inv(landscape.hessian(run.theta[step])) if definite else np.full((2, 2), np.nan)
        guess.set_data(*plots.within(ellipses, *(m @ _CIRCLE)))
        truth.set_data(*plots.within(ellipses, *(inverse @ _CIRCLE)) if definite else ([], []))
        bent.set_text("" if definite else "H is indefinite here: no ellipse")
        gap = float(np.linalg.norm(m - inverse) / np.linalg.norm(inverse)) if definite else "H indefinite"
        final = conjugate is not None and step >= 2
        rows = [Row("distance from M to H⁻¹, relative", 0.0 if final else None, gap, atol=1e-8 if final else None)]
        shared.set_data([], [])
        if step:
            change = landscape.gradient(run.theta[step]) - landscape.gradient(run.theta[step - 1])
            moved = run.theta[step] - run.theta[step - 1]
            length = np.linalg.norm(change) or 1.0
            shared.set_data(*plots.within(ellipses, *(np.outer(moved, [1, -1]) / length)))
            miss = np.linalg.norm(m @ change - moved) / np.linalg.norm(moved) if np.any(moved) else 0.0
            rows.append(Row("secant equation My = s, relative error", 0.0, float(miss), atol=1e-6))
        if conjugate is not None:
            apart = float(np.abs(run.theta - conjugate.theta).max())
            rows.append(Row("largest distance from the path of conjugate gradients", 0.0, apart, atol=1e-10))
        return rows

    return Explorer(
        stage, compute, draw,
        {"name": choice("cost", list(landscapes)), "start": point(land, (-1.2, 1.0))},
        description="Left: the path of BFGS. Right: its approximation M of the inverse Hessian, drawn as the "
        "ellipse into "
        "which it turns the unit circle: it starts as the circle and grows onto the ellipse of the true inverse "
        "Hessian.",
        presets={name: {"name": name} for name in landscapes},
        num_steps=num_steps,
    )  # fmt: skip


@style.applied()
def memory(compute, reference, dimension, budget=140):
    """8.6.3: L-BFGS with m pairs. compute(memory, n) -> (run, m, n); reference: dict of name -> run, drawn once."""
    stage = Stage(1000, 430, width_ratios=[1.2, 1])
    cost, store = stage.axes
    plots.step_axes(cost, budget, 1e-16, 1e4, xlabel="points of the cost looked at",
                    title=f"Rosenbrock's valley in {dimension} dimensions")  # fmt: skip
    for (name, run), look in zip(reference.items(), (BFGS, CONJUGATE), strict=True):
        look = {**look, "marker": None}
        cost.plot(np.r_[1, run.evaluations[1:]], np.maximum(run.loss, 1e-30), label=name, **look)
    line = plots.curve(cost, markersize=4, **LBFGS)
    cost.plot([], [], label="L-BFGS", **LBFGS)
    cost.legend(loc="lower left")
    n = np.geomspace(1e2, 1e9, 50)
    store.loglog(n, 8 * n**2, color=style.PURPLE, linestyle="-.", label="BFGS: M, 8n² bytes")
    lean = plots.curve(store, color=style.GREEN, linewidth=2.2)
    store.plot([], [], color=style.GREEN, label="L-BFGS: m pairs, 16mn bytes")
    for size, text in ((16e9, "a laptop, 16 GB"), (8e12, "8 TB")):
        store.axhline(size, color=style.GREY, linewidth=1, linestyle=":")
        store.text(1.2e2, size * 1.4, text, color=style.GREY, fontsize=12)
    here = plots.marks(store, marker="o", size=10, color=style.PURPLE)
    less = plots.marks(store, marker="o", size=10, color=style.GREEN)
    store.set(xlim=(1e2, 1e9), ylim=(1e4, 1e18), xlabel="n parameters", ylabel="bytes", title="memory")
    store.legend(loc="upper left")

    def draw(result):
        run, pairs, number = result
        line.set_data(np.r_[1, run.evaluations[1:]], np.maximum(run.loss, 1e-30))
        lean.set_data(n, 16 * pairs * n)
        here.set_data([number], [8 * number**2])
        less.set_data([number], [16 * pairs * number])
        kept = run.position_changes[-1].nbytes + run.gradient_changes[-1].nbytes
        arrived = np.flatnonzero(run.loss < 1e-9)
        return [
            Row("bytes of the pairs in the run on the left, 16mn", 16 * pairs * dimension, int(kept), atol=0),
            Row("points looked at until the cost is below 1e-9", None,
                int(run.evaluations[arrived[0]]) if len(arrived) else f"not in {len(run.loss) - 1} steps"),
            Row("at your n: gigabytes for BFGS", 8 * number**2 / 1e9),
            Row("at your n: gigabytes for L-BFGS", 16 * pairs * number / 1e9),
        ]  # fmt: skip

    return Explorer(
        stage, compute, draw,
        {"memory": int_slider("m pairs kept", 1, 30, 10), "n": log_slider("n parameters (right)", 1e2, 1e9, 1e6)},
        description="Left: the cost of L-BFGS on a twenty-dimensional valley against the points looked at, "
        "between BFGS "
        "and conjugate gradients. Right: bytes needed by BFGS and by L-BFGS against the number of parameters.",
        presets={"m = 1": {"memory": 1}, "m = 3": {"memory": 3}, "m = 30": {"memory": 30},
                 "a million parameters": {"n": 1e6, "memory": 10}, "a billion": {"n": 1e9, "memory": 10}},
    )  # fmt: skip


FIRST = {"color": style.BLUE, "linestyle": "--", "marker": "v"}


@style.applied()
def race(compute, second_order, num_passes=60):
    """8.6: first against second order on the digits. compute(method, learning_rate, batch_size) -> dict, see draw.

    second_order: dict of name -> dict with the arrays "passes", "cost", "work", "seconds", and "error" at the end.
    """
    stage = Stage(1040, 420, columns=3)
    looks = dict(zip(second_order, (STEEPEST, CONJUGATE, LBFGS, BFGS), strict=True))
    by_pass, by_work, by_clock = stage.axes
    for axes, title, low, high, label in (
        (by_pass, "per pass over the data", 0, num_passes, "passes over the 1,300 digits"),
        (by_work, "per multiplication", 1e6, 1e9, "multiplications"),
        (by_clock, "per second, on this machine", 1e-3, 1e1, "seconds"),
    ):
        plots.step_axes(axes, num_passes, 1e-4, 5, ylabel="training cost", xlabel=label, title=title)
        if axes is not by_pass:
            axes.set(xscale="log", xlim=(low, high))
    names = {"passes": by_pass, "work": by_work}
    for what, axes in names.items():
        for name, run in second_order.items():
            axes.plot(run[what], run["cost"], markersize=3, linewidth=1.4, label=name, **looks[name])
    lines = {what: plots.curve(axes, markersize=3, linewidth=2.2, **FIRST) for what, axes in names.items()}
    by_pass.plot([], [], label="first order", **FIRST)
    by_pass.legend(loc="lower left", fontsize=12)
    clock = {name: plots.curve(by_clock, markersize=3, linewidth=1.4, **looks[name]) for name in second_order}
    clock_first = plots.curve(by_clock, markersize=3, linewidth=2.2, **FIRST)
    hint = plots.note(by_clock, 0.05, 0.05, color=style.INK, fontweight="normal")
    gone = plots.note(by_pass, 0.97, 0.97)

    def draw(result):
        run, measured = result["run"], result["measure"]
        for what, line in lines.items():
            first = int(what == "work")  # nothing has been multiplied at the start: no place on a logarithmic axis
            line.set_data(run[what][first:], run["cost"][first:])
        for name, line in clock.items():
            other = second_order[name]
            line.set_data(*((other["seconds"][1:], other["cost"][1:]) if measured else ([], [])))
        clock_first.set_data(*((run["seconds"][1:], run["cost"][1:]) if measured else ([], [])))
        hint.set_text("" if measured else "tick “seconds”\nto see the clock")
        gone.set_text("diverged" if not np.isfinite(run["cost"][-1]) else "")
        predicted, actual = result["first_step"]
        rows = [
            Row("first order: change of the cost in the first step", predicted, actual, rtol=0.1),
            Row(f"first order: cost after {num_passes} passes", None, f"{run['cost'][-1]:.2g}"),
            Row("first order: validation digits misread, %", None, round(100 * run["error"], 1)),
        ]
        for name, other in second_order.items():
            text = f"cost {other['cost'][-1]:.2g}, {100 * other['error']:.1f} % misread"
            rows.append(Row(f"{name}: after {num_passes} passes", None, text))
        return rows

    return Explorer(
        stage, compute, draw,
        {"method": choice("first-order method", {"SGD": "sgd", "momentum": "momentum", "Adam": "adam"}, "adam"),
         "learning_rate": log_slider("ε learning rate", 1e-3, 1, 0.01),
         "batch_size": choice("m minibatch size", [20, 50, 100, 1300], 50),
         "measure": switch("seconds: show the times measured on this machine")},
        description="Training cost on real digits for a first-order method on minibatches and for steepest descent, "
        "conjugate gradients, L-BFGS and BFGS on the whole set, per pass, per multiplication and, if ticked, per "
        "second.",
        presets={"Adam": {}, "SGD": {"method": "sgd", "learning_rate": 0.5},
                 "momentum": {"method": "momentum", "learning_rate": 0.1},
                 "Adam on the whole set": {"batch_size": 1300}, "show the seconds": {"measure": True}},
    )  # fmt: skip
