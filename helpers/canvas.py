"""The widget that shows a Stage in the page and tells where the reader points."""

from pathlib import Path

import anywidget
import traitlets

_HERE = Path(__file__).resolve().parent


class Canvas(anywidget.AnyWidget):
    """Background picture, live layer, areas that can be pointed at, readout. All sizes in CSS pixels."""

    _esm = _HERE / "canvas.js"
    _css = _HERE / "canvas.css"

    size = traitlets.List(help="width, height").tag(sync=True)
    label = traitlets.Unicode(help="what the figure shows, for a reader who cannot see it").tag(sync=True)
    areas = traitlets.List(help="dicts: name, label, box [left, top, right, bottom]").tag(sync=True)
    background = traitlets.Bytes(help="PNG").tag(sync=True)
    frame = traitlets.Dict(help="live: SVG; readout: HTML; points: {area name: [x, y]}; seen: count").tag(sync=True)
    # The page need not be told again what it has just said: that would be one more message at every move.
    pointer = traitlets.Dict(help="set by the page: area, x, y, count of them").tag(sync=True, echo_update=False)
