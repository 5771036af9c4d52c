"""Make res/digits.npz from the UCI handwritten digits, as a compact file whose order is the split.

The source is `digits.csv.gz`, the copy of the UCI file that scikit-learn ships in its wheel:

    pip download --no-deps scikit-learn && unzip -j scikit_learn-*.whl sklearn/datasets/data/digits.csv.gz
    python tools/make_digits.py digits.csv.gz

Each line holds 64 pixels (0 ... 16) and the label. The UCI file is not in random order (it begins 0, 1, ..., 9 three
times over), so the images are shuffled here, once, with a fixed seed. The order is *stored*: the split is plain slices
of the file, and does not depend on the random number generator of the NumPy that reads it.
"""

import argparse
import gzip
import zlib
from pathlib import Path

import numpy as np

SEED = 8
NUM_IMAGES = 1797
OUTPUT = Path(__file__).resolve().parents[1] / "res" / "digits.npz"


def read_csv(path):
    """Return (pixels, labels) in the order of the file, uint8 arrays of shapes (1797, 64) and (1797,)."""
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",")
    if table.shape != (NUM_IMAGES, 65):
        raise SystemExit(f"{path}: expected {NUM_IMAGES} lines of 65 numbers, found a table of shape {table.shape}")
    compact = table.astype(np.uint8)
    if not np.array_equal(compact, table) or compact[:, :64].max() != 16 or compact[:, 64].max() != 9:
        raise SystemExit(f"{path}: expected whole pixels in 0 ... 16 and labels in 0 ... 9")
    return compact[:, :64], compact[:, 64]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", type=Path, help="path to scikit-learn's digits.csv.gz")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    pixels, labels = read_csv(arguments.csv)
    order = np.random.default_rng(SEED).permutation(NUM_IMAGES).astype(np.uint16)
    np.savez_compressed(arguments.output, pixels=pixels[order], labels=labels[order], source_row=order)
    checksum = zlib.crc32(pixels[order].tobytes() + labels[order].tobytes())
    print(f"{arguments.output}: {NUM_IMAGES} images, {arguments.output.stat().st_size} bytes, CRC-32 {checksum:#010x}")


if __name__ == "__main__":
    main()
