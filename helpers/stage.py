"""A Matplotlib figure in two layers: a background that is drawn once, and live artists that are drawn at every change.

Making a figure anew takes a few hundred milliseconds, drawing its few moving artists takes three. So the background
(axes, contours, labels) is kept as a picture of twice the size, sharp on every screen, and the artists marked
``animated=True`` are drawn over it as SVG by Matplotlib's own renderer: sharp at any scale, a few kilobytes.
One point is one CSS pixel: sizes and fonts are in pixels of the page.
"""

import contextlib
import io
import re
import threading
import uuid

import matplotlib
import numpy as np
from matplotlib import _path
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D
from PIL import Image

from helpers import checks, style

# Newer JupyterLab runs slider handlers in a second thread, also while a cell runs; Matplotlib's caches are not made
# for that.
_DRAWING = threading.RLock()
_NO_METADATA = dict.fromkeys(("Format", "Type", "Creator", "Date"))
_PATH_CODES = [b"M", b"L", b"Q", b"C", b"z"]
_GLOBAL_STYLE = re.compile(r"\s*<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)


class _LiveRenderer(RendererSVG):
    """Matplotlib's SVG renderer, brief: a frame is sent at every change, and the page must read it at every change.

    Coordinates are rounded to a hundredth of a pixel, and the markers of a line are one shape and one list of points.
    """

    def open_group(self, s, gid=None):
        self.writer.start("g")  # an id like "line2d_1" would come from every figure on the page

    def _convert_path(self, path, transform=None, clip=None, simplify=None, sketch=None):
        clip = (0.0, 0.0, self.width, self.height) if clip else None
        return _path.convert_to_string(path, transform, clip, simplify, sketch, 2, _PATH_CODES, False).decode("ascii")

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        points = trans.transform(path.vertices)
        points = points[np.isfinite(points).all(axis=1)]
        margin = 20  # the widest marker that may still reach into the picture
        middle = np.array([self.width / 2, self.height / 2])
        inside = np.abs(points - middle) < middle + margin
        places = [f"{x:.2f} {self.height - y:.2f}" for x, y in points[inside.all(axis=1)].tolist()]
        shape = {"d": self._convert_path(marker_path, marker_trans + Affine2D().scale(1, -1), simplify=False),
                 "style": self._get_style(gc, rgbFace)}  # fmt: skip
        self.writer.start("g", **self._get_clip_attrs(gc))
        if len(places) == 1:
            self.writer.element("path", transform=f"translate({places[0]})", **shape)
        elif places:
            name = f"m{uuid.uuid4().hex[:12]}"  # unique on the page, where many figures may stand
            self.writer.start("marker", id=name, markerUnits="userSpaceOnUse", overflow="visible")
            self.writer.element("path", **shape)
            self.writer.end("marker")
            everywhere = "".join(f"marker-{where}:url(#{name});" for where in ("start", "mid", "end"))
            self.writer.element("path", d="M" + "L".join(places), style=f"fill:none;stroke:none;{everywhere}")
        self.writer.end("g")


class Stage:
    """A figure of `width` × `height` pixels with a row of axes (or a grid), `stage.axes`.

    Draw the background into the axes, then make the live artists with ``animated=True``. Nothing here touches pyplot.

    Arguments:
        width, height: size in CSS pixels, >= 100.
        columns, rows: of the grid of axes.
        width_ratios: relative widths of the columns.
        projection: for all axes, "3d" for example.

    Attributes: figure; axes (one Axes, or an array of them as plt.subplots gives).
    """

    def __init__(self, width=900, height=400, columns=2, rows=1, width_ratios=None, projection=None):
        self.width = checks.integer("width", width, minimum=100)
        self.height = checks.integer("height", height, minimum=100)
        with style.applied():
            self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
            FigureCanvasAgg(self.figure)
            self.axes = self.figure.subplots(
                checks.integer("rows", rows, minimum=1), checks.integer("columns", columns, minimum=1),
                width_ratios=width_ratios, subplot_kw={"projection": projection},
            )  # fmt: skip
        self._live_artists = None
        self._laid_out = False
        self.stale = True  # set it when the background changed: the next frame then brings a new one

    def live_artists(self):
        """The artists that are redrawn at every change, from the lowest to the highest.

        Looked up when the background is made: going through all of a figure's artists takes longer than drawing these.
        """
        if self._live_artists is None:
            found = [artist for artist in self.figure.findobj(lambda a: a.get_animated()) if artist.axes is not None]
            self._live_artists = sorted(found, key=lambda artist: artist.get_zorder())
        return self._live_artists

    @contextlib.contextmanager
    def _without_live(self):
        hidden = [artist for artist in self.live_artists() if artist.get_visible()]
        for artist in hidden:
            artist.set_visible(False)
        try:
            yield
        finally:
            for artist in hidden:
                artist.set_visible(True)

    def _lay_out(self):
        """Find the place of the axes once, and keep it: a picture must not jump when a number gets longer."""
        if not self._laid_out:
            with self._without_live(), style.applied():
                self.figure.draw_without_rendering()
            self.figure.set_layout_engine("none")
            self._laid_out = True

    def _raster(self, scale):
        """The whole figure, live artists too unless they are hidden, as an RGB picture."""
        with style.applied():
            self.figure.dpi = 72 * scale
            try:
                canvas = FigureCanvasAgg(self.figure)
                canvas.draw()
                for artist in self.live_artists():
                    artist.axes.draw_artist(artist)
                return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
            finally:
                self.figure.dpi = 72

    def background(self):
        """The figure without its live artists, a PNG of twice the size, as bytes."""
        with _DRAWING:
            self._live_artists = None
            self.stale = False
            self._lay_out()
            with self._without_live():
                return _png(self._raster(2), compress_level=1)

    def live(self):
        """The live artists alone, as an SVG element of the figure's size."""
        with _DRAWING:
            self._lay_out()
            buffer = io.StringIO()
            before = matplotlib.rcParams["svg.fonttype"]
            matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text: small, and the page's own rendering
            try:
                renderer = _LiveRenderer(self.width, self.height, buffer, image_dpi=72, metadata=_NO_METADATA)
                for artist in self.live_artists():
                    artist.draw(renderer)
                renderer.finalize()
            finally:
                matplotlib.rcParams["svg.fonttype"] = before
        svg = buffer.getvalue()
        # A style element within the page would apply to the whole page; pictures are smoothed like any other.
        svg = _GLOBAL_STYLE.sub("", svg[svg.index("<svg") :], count=1)
        return svg.replace("image-rendering:crisp-edges;image-rendering:pixelated", "image-rendering:auto")

    def still(self, scale=1.5):
        """The whole figure with its live artists as it stands, a PNG as bytes: what a page without a kernel shows."""
        with _DRAWING:
            self._lay_out()
            picture = self._raster(scale)
        return _png(picture.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE), optimize=True)

    def to_data(self, axes, x, y):
        """The data coordinates in `axes` of a point given in CSS pixels from the top left corner of the figure."""
        self._lay_out()
        return axes.transData.inverted().transform((x, self.height - y))

    def to_pixels(self, axes, x, y):
        """The CSS pixels from the top left corner of the figure of a point given in data coordinates of `axes`."""
        self._lay_out()
        px, py = axes.transData.transform((x, y))
        return float(px), float(self.height - py)

    def box(self, axes):
        """The drawing area of `axes` in CSS pixels: left, top, right, bottom."""
        self._lay_out()
        area = axes.bbox
        return [float(area.x0), float(self.height - area.y1), float(area.x1), float(self.height - area.y0)]


def _png(picture, **options):
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", **options)
    return buffer.getvalue()
