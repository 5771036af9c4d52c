"""Cut the pictures of the index and the README out of the notebooks' stored outputs.

    python tools/make_pictures.py

The pictures are what the notebooks show, so they cannot differ from them; run this after tools/make_outputs.py.
"""

import base64
import io
from pathlib import Path

import nbformat
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "res" / "pictures"
# Section -> (notebook, words in the description of the figure that stands for it)
CHOSEN = {
    "8_1": ("8_1_learning_and_pure_optimization", "a few noisy examples, the curve behind them"),
    "8_2": ("8_2_challenges", "The path of a network's training on real digits"),
    "8_3": ("8_3_basic_algorithms", "a map of the factor by which momentum"),
    "8_4": ("8_4_initialization", "A deep net on the digits before training"),
    "8_5": ("8_5_adaptive_learning_rates", "From above, a landscape with the paths of several methods"),
    "8_6": ("8_6_second_order_methods", "every start on a square coloured"),
    "8_7": ("8_7_strategies_and_meta_algorithms", "a path that jumps from wall to wall of a valley"),
}


def stored_picture(notebook, words):
    """The stored PNG of the figure whose description contains the words.

    Raises: LookupError if no stored figure of the notebook has them.
    """
    for cell in nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4).cells:
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/png")
            if picture and words in output.metadata["image/png"].get("alt", ""):
                return Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    raise LookupError(f"{notebook}: no stored figure is described with {words!r}")


def main():
    PICTURES.mkdir(exist_ok=True)
    for section, (notebook, words) in CHOSEN.items():
        picture = stored_picture(notebook, words)
        picture.thumbnail((960, 960), Image.Resampling.LANCZOS)
        small = picture.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        small.save(PICTURES / f"{section}.png", optimize=True)
        print(f"{section}: {notebook}, {small.width} × {small.height}")


if __name__ == "__main__":
    main()
