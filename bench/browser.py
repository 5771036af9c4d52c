"""From the slider to the pixels, in a real JupyterLab in a real Chromium: @interact beside this project's figures.

One change: a key is pressed on the slider's handle; its time ends with the frame in which the picture has changed for
the last time. A drag: 60 moves of the pointer in two seconds; counted are the frames in which the picture changed.
"""

import statistics
import tempfile
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import lab, ways

PROBE = Path(__file__).with_name("probe.js")
MOVES, RATE = 60, 30  # of the pointer, and how many a second


def run(scales=(1, 2), num_changes=40, nodelay=(True,)):
    """Measure every way at each device-pixel-ratio.

    Returns: a list of dicts, one for each way, scale and server setting: way, scale, nodelay, change_ms, change_p95_ms,
        bytes_per_change, messages_down, drag_s, drag_values, drag_fps, settle_ms (from the last value to the last
        frame), stale_frames (shown after the last value without belonging to it), blank_frames, height_jumps,
        slider_moved, last_frame_right.
    """
    if lab.chromium() is None:
        raise SystemExit("bench: needs Chromium or Chrome on this machine")
    results = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        ways.write(Path(folder))
        browser = lab.launch(playwright)
        for fast in nodelay:
            with lab.Lab(folder, nodelay=fast) as server:
                for scale in scales:
                    for way in ways.CELLS:
                        with lab.Notebook(browser, server, f"{way}.ipynb", scale, script=PROBE) as notebook:
                            measured = measure(notebook, num_changes)
                        results.append({"way": way, "scale": scale, "nodelay": fast, **measured})
        browser.close()
    return results


def measure(notebook, num_changes):
    """All the numbers for one notebook's first slider."""
    page = notebook.run_all().page
    page.wait_for_selector(".jp-OutputArea-output .noUi-handle")
    if notebook.errors():
        raise RuntimeError(f"the notebook fails: {notebook.errors()}")
    page.evaluate("() => probe.choose(0)")
    page.evaluate("() => probe.slider.focus()")
    for _ in range(3):  # warm up
        page.keyboard.press("ArrowRight")
        notebook.rest(300)
    return {**changes(notebook, num_changes), **drag(notebook)}


def changes(notebook, count):
    """Single changes by keyboard, each waited for."""
    page, times, sizes, messages = notebook.page, [], [], []
    for number in range(count):
        page.wait_for_timeout(60 + 37 * (number % 3))  # not in step with the page's frames
        page.evaluate("() => probe.start()")
        page.wait_for_timeout(50)
        page.keyboard.press("ArrowRight" if number // 20 % 2 == 0 else "ArrowLeft")
        page.evaluate("() => probe.rest(250)")
        record = page.evaluate("() => probe.stop()")
        frames = _visible(record, record["keys"][0])
        if not record["values"] or not frames:
            raise RuntimeError("a key on the slider changed nothing")
        times.append(frames[-1] - record["keys"][0])
        sizes.append(sum(size for _, _, size in record["bytes"]))
        messages.append(sum(way == "down" for _, way, _ in record["bytes"]))
    return {
        "change_ms": statistics.median(times),
        "change_p95_ms": statistics.quantiles(times, n=20)[-1],
        "bytes_per_change": statistics.median(sizes),
        "messages_down": statistics.median(messages),
    }


def drag(notebook):
    """Two seconds of dragging without waiting for anything, there and back."""
    page = notebook.page
    x, y, left, right = page.evaluate("""() => {
        const handle = probe.slider.getBoundingClientRect();
        const track = probe.slider.closest('.noUi-target').getBoundingClientRect();
        return [handle.x + handle.width / 2, handle.y + handle.height / 2, track.left + 4, track.right - 4];
    }""")
    # The moves are made in the page: sent from here, each would wait until the page has dealt with the one before.
    seconds = page.evaluate("([x, y, left, right, moves, rate]) => probe.drag(x, y, left, right, moves, rate)",
                            [x, y, left, right, MOVES, RATE])  # fmt: skip
    page.evaluate("() => probe.rest(600)")
    record = page.evaluate("() => probe.stop()")

    # The page writes the number again where it did not change.
    texts = [None, *(text for _, text in record["values"])]
    times = [when for (when, text), before in zip(record["values"], texts, strict=False) if text != before]
    first, last = times[0], times[-1]
    frames = _visible(record, first)
    after = [frame for frame in frames if frame > last]
    _, pictures, heights, places = zip(*record["looks"], strict=True)
    return {
        "drag_s": seconds,
        "drag_values": len(times),
        "drag_fps": sum(frame <= last for frame in frames) / (last - first) * 1000,
        "settle_ms": after[-1] - last if after else 0.0,
        "stale_frames": max(0, len(after) - 1),
        "blank_frames": sum(shown < max(pictures) for shown in pictures),
        "height_jumps": sum(a != b for a, b in pairwise(heights)),
        "slider_moved": len(set(places)) > 1,
        "last_frame_right": _last_right(notebook),
    }


def _visible(record, since):
    """When the picture changed, after a moment. If pictures load, these count, otherwise changes of the document."""
    frames = [(when, kinds) for when, kinds in record["frames"] if when > since]
    kind = "picture" if any("picture" in kinds for _, kinds in frames) else "document"
    return [when for when, kinds in frames if kind in kinds]


def _last_right(notebook):
    """Whether the last figure that was drawn belongs to the value that the slider shows."""
    shown = notebook.page.evaluate("() => probe.number.textContent")
    return float(shown) == float(notebook.python("print(f'{drawn[-1]:.3g}')"))
