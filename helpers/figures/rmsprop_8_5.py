"""The figure of lesson 8.5.2, RMSProp: what a fading memory forgets."""

import numpy as np

from helpers import plots, style
from helpers.controls import int_slider, log_slider, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage
from helpers.theory_8_5 import recovery_steps


@style.applied()
def memory(compute, num_steps=400):
    """8.5.2: steep at first, gentle afterwards. compute(height, length, rho) -> dict, see draw. ε = 1, δ = 0."""
    stage = Stage(1000, 400, columns=3)
    slope, squares, lengths = stage.axes
    plots.step_axes(slope, num_steps, 0.3, 300, ylabel="|g|", title="the gradient")
    plots.step_axes(squares, num_steps, 1e-3, 1e7, ylabel="r", title="accumulator r")
    plots.step_axes(lengths, num_steps, 1e-3, 100, ylabel="|Δθ|, in units of ε", title="length of each step")
    signal = plots.curve(slope, color=style.INK)
    looks = {"AdaGrad": style.METHOD["adagrad"], "RMSProp": style.METHOD["rmsprop"]}
    lines = {}
    for name, look in looks.items():
        look = {"color": look["color"], "linestyle": look["linestyle"], "linewidth": 2.4}
        lines[name] = [plots.curve(axes, **look) for axes in (squares, lengths)]
        lengths.plot([], [], label=name, **look)
    lengths.legend(loc="upper right")
    half = plots.marks(lengths, marker="D", color=style.BLUE, size=11)
    first = plots.marks(lengths, marker="o", color=style.VERMILION, size=11)
    note = plots.note(lengths, 0.05, 0.03, color=style.BLUE, fontsize=12)

    def draw(r):
        runs, height, length, rho = r["runs"], r["height"], r["length"], r["rho"]
        k = np.arange(1, num_steps + 1)
        signal.set_data(k, r["gradients"])
        for name, run in runs.items():
            squares_line, lengths_line = lines[name]
            squares_line.set_data(k, run.accumulator[1:, 0])
            lengths_line.set_data(k, np.abs(np.diff(run.theta[:, 0])))
        steps = np.abs(np.diff(runs["RMSProp"].theta[:, 0]))
        first.set_data([1], steps[:1])
        recovered = np.flatnonzero(runs["RMSProp"].effective_rate[length + 1 :, 0] >= 0.5 * (1 - 1e-12))
        needed = recovery_steps(height, length, rho)
        found = int(recovered[0]) + 1 if len(recovered) else f"not in {num_steps - length}"
        # Counted is the number of gentle gradients; where the burst was too weak to halve the rate, none is needed.
        found = 0 if needed == 0 and runs["RMSProp"].effective_rate[length, 0] >= 0.5 else found
        at = length + (found if isinstance(found, int) else num_steps)
        half.set_data(
            [at] if 0 < at <= num_steps and found else [], [steps[at - 1]] if 0 < at <= num_steps and found else []
        )
        note.set_text("◆ rate back at ε/2" if 0 < at <= num_steps and found else "")
        last = np.abs(np.diff(runs["AdaGrad"].theta[:, 0]))[-1]
        total = length * height**2 + (num_steps - length)
        return [
            Row("RMSProp: first step, in units of ε: 1/√(1 − ρ)", 1 / np.sqrt(1 - rho), float(steps[0]), rtol=1e-9),
            Row(
                "RMSProp: gentle steps until its rate is back at ε/2",
                needed,
                found,
                atol=0 if isinstance(found, int) else None,
            ),
            Row("AdaGrad: last step, in units of ε: 1/√(Σ g²)", 1 / np.sqrt(total), float(last), rtol=1e-9),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "rho": slider("ρ decay of the memory", 0, 0.999, 0.9, step=0.001),
            "height": log_slider("|g| while it is steep", 1, 200, 10),
            "length": int_slider("how many steep steps", 1, 200, 50),
        },
        description="Left: the size of a gradient that is large for some steps and small afterwards. Middle: the "
        "accumulators of "
        "AdaGrad and RMSProp. Right: the length of their steps. AdaGrad never recovers from the steep part; "
        "RMSProp forgets it "
        "within some multiple of its memory.",
        presets={
            "ρ = 0.9": {},
            "ρ = 0.99": {"rho": 0.99},
            "ρ = 0.999": {"rho": 0.999},
            "no memory": {"rho": 0.0},
            "a cliff": {"height": 200, "length": 3},
        },
    )
