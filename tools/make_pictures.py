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
    "8_3": ("8_3_basic_algorithms", "a map of the factor by which momentum"),
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
