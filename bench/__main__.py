"""python -m bench [browser] [kernel] [sweep]: measure, print, and write bench/results.json and bench/RESULTS.md."""

import argparse
import json
import os
import platform
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = ("browser", "kernel", "sweep")
COLUMNS = {
    "change → pixels ms": lambda row: f"{row['change_ms']:.0f} ({row['change_p95_ms']:.0f})",
    "frames/s in a drag": lambda row: f"{row['drag_fps']:.1f}",
    "at rest after ms": lambda row: f"{row['settle_ms']:.0f}",
    "stale frames after the last move": lambda row: f"{row['stale_frames']}",
    "blank frames": lambda row: f"{row['blank_frames']}",
    "jumps": lambda row: f"{row['height_jumps']}",
    "kB a change": lambda row: f"{row['bytes_per_change'] / 1000:.1f}",
    "last frame right": lambda row: "yes" if row["last_frame_right"] else "NO",
}


def browser_lines(rows):
    """The table of the ways, and the two ratios at each device-pixel-ratio."""
    from bench import ways

    lines = ["Median (95th percentile) of single changes by key; a drag of 60 moves in two seconds.", ""]
    lines.append("| way | server | dpr | " + " | ".join(COLUMNS) + " |")
    lines.append("|---" * (3 + len(COLUMNS)) + "|")
    for row in rows:
        server = "make lab" if row["nodelay"] else "plain"
        cells = [ways.TITLES[row["way"]], server, str(row["scale"]), *(column(row) for column in COLUMNS.values())]
        lines.append("| " + " | ".join(cells) + " |")
    lines.append("")
    for scale, nodelay in dict.fromkeys((row["scale"], row["nodelay"]) for row in rows):
        same = {row["way"]: row for row in rows if (row["scale"], row["nodelay"]) == (scale, nodelay)}
        usual, ours = same["interact"], same["explorer"]
        faster = usual["change_ms"] / ours["change_ms"]
        # A drag in which @interact shows no frame at all would divide by nothing: count one.
        frames = ours["drag_fps"] / max(usual["drag_fps"], 1 / usual["drag_s"])
        server = "make lab" if nodelay else "plain"
        lines.append(f"- dpr {scale}, {server}: {faster:.1f} times faster per change (target 9), "
                     f"{frames:.1f} times as many frames in a drag (target 8).")  # fmt: skip
    return lines


def kernel_lines(found):
    redraw = found["kept_figure_redrawn_ms"] / found["live_layer_ms"]
    return [
        f"- a run of 50 steps: {found['compute_ms']:.1f} ms; the live layer: {found['live_layer_ms']:.1f} ms, "
        f"{found['live_layer_bytes'] / 1000:.1f} kB; all of a kept figure: {found['kept_figure_redrawn_ms']:.0f} ms "
        f"({redraw:.0f} times that); a new background: {found['background_ms']:.0f} ms",
        f"- 20 epochs of the 64-32-10 network on the digits: {found['twenty_epochs_ms']:.0f} ms",
    ]


def sweep_lines(found):
    ratio = found["descend_s"] / found["by_hand_s"]
    lines = [
        f"- 200 × 200 pairs (learning rate, momentum), 150 steps: `descend` {found['descend_s']:.2f} s, by hand and in "
        f"place {found['by_hand_s']:.2f} s ({ratio:.1f} times)"
    ]
    if found["torch_loop_s"] is not None:
        times = found["torch_loop_s"] / found["descend_s"]
        lines.append(f"- a loop over torch.optim.SGD, from a sample: {found['torch_loop_s']:.0f} s ({times:.0f} times)")
    return lines


def main():
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS), help="all if none is named")
    parser.add_argument("--changes", type=int, default=40, help="single changes for each way (default: %(default)s)")
    parser.add_argument("--dpr", type=int, nargs="+", default=[1, 2], help="device-pixel-ratios (default: 1 2)")
    parser.add_argument("--plain", action="store_true", help="measure with Jupyter's own server settings too")
    parser.add_argument("--keep", action="store_true", help="write bench/RESULTS.md too")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}: must be {', '.join(PARTS)}")

    text = [f"# How fast the figures answer, {date.today().isoformat()}", ""]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    text += [
        f"{platform.system()}, {os.cpu_count()} cores, load before the measurement {load}, Python "
        f"{platform.python_version()}. Made by `make bench`; ratios hold, absolute figures move with the machine.",
        "",
    ]
    results = {}
    for part in options.parts or PARTS:
        if part == "browser":
            from bench import browser

            found = browser.run(tuple(options.dpr), options.changes, (True, False) if options.plain else (True,))
            lines = browser_lines(found)
        elif part == "kernel":
            from bench import kernel

            found = kernel.run()
            lines = kernel_lines(found)
        else:
            from bench import sweep

            found = sweep.run()
            lines = sweep_lines(found)
        results[part] = found
        text += [f"## {part}", "", *lines, ""]
        print("\n".join(text[-len(lines) - 3 :]), flush=True)
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if options.keep:
        (HERE / "RESULTS.md").write_text("\n".join(text).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
