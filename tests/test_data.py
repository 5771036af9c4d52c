"""The digits: the right images, whole, split without overlap, quickly read, and safe from being changed."""

import gzip
import importlib.util
import zlib
from pathlib import Path

import numpy as np
import pytest

from helpers import data

ROOT = Path(__file__).resolve().parents[1]
PARTS = {"train": 1300, "validation": 197, "test": 300}
# Images of each digit 0 ... 9 in the UCI test file, as its description lists them.
UCI_COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
SOURCE_CRC = 0xe7d89aa3
SPLIT_CRC = [0xc100208a, 0xad07b114, 0x09287f38]


@pytest.fixture
def stored():
    with np.load(ROOT / "res" / "digits.npz") as file:
        return dict(file)


@pytest.mark.parametrize("part", PARTS)
def test_shapes_types_and_ranges(part):
    digits = data.load_digits()
    inputs, labels = getattr(digits, f"{part}_inputs"), getattr(digits, f"{part}_labels")
    assert inputs.shape == (PARTS[part], 64) and inputs.dtype == np.float64
    assert labels.shape == (PARTS[part],) and labels.dtype == np.int64
    assert inputs.min() == 0.0 and inputs.max() == 1.0
    assert np.array_equal(inputs * 16, np.round(inputs * 16))
    assert np.bincount(labels).min() >= 0.075 * len(labels)  # every digit is there, in about its share of 10 %


def test_it_is_the_whole_uci_file(stored):
    digits = data.load_digits()
    labels = np.concatenate([getattr(digits, f"{part}_labels") for part in PARTS])
    assert np.bincount(labels).tolist() == UCI_COUNTS
    # Back in the order of the source, the bytes are those of the UCI file: 64 pixels and a label a row.
    assert np.array_equal(np.sort(stored["source_row"]), np.arange(1797))
    source = np.column_stack((stored["pixels"], stored["labels"]))[np.argsort(stored["source_row"])]
    assert zlib.crc32(source.tobytes()) == SOURCE_CRC
    assert source[:10, 64].tolist() == list(range(10))
    assert source[0, :16].tolist() == [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]


def test_the_split_is_the_same_on_every_machine():
    digits = data.load_digits()
    parts = (np.round(getattr(digits, f"{part}_inputs") * 16).astype(np.uint8).tobytes() for part in PARTS)
    assert [zlib.crc32(part) for part in parts] == SPLIT_CRC


def test_no_image_is_in_two_parts():
    digits = data.load_digits()
    images = [image.tobytes() for part in PARTS for image in getattr(digits, f"{part}_inputs")]
    assert len(images) == len(set(images)) == 1797


def test_pixels_and_labels_belong_together():
    # An image is most often nearest to an image of the same digit; with labels out of step this is 10 %.
    digits = data.load_digits()
    distances = ((digits.test_inputs[:, None] - digits.train_inputs) ** 2).sum(axis=-1)
    assert (digits.train_labels[distances.argmin(axis=1)] == digits.test_labels).mean() > 0.95


def test_reading_is_done_once():
    assert data.load_digits() is data.load_digits()


def test_arrays_are_read_only_for_good():
    digits = data.load_digits()
    for array in vars(digits).values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
        assert array.base is None  # nor is there another, writable, way to the same memory
    with pytest.raises(AttributeError):
        digits.train_inputs = None


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match="no-such-file.npz"):
        data._resource("no-such-file.npz")


def test_licence_and_source_are_stated():
    text = (ROOT / "res" / "digits-LICENSE.md").read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0", "creativecommons.org/licenses/by/4.0"):
        assert words in text


@pytest.fixture
def make_digits():
    spec = importlib.util.spec_from_file_location("make_digits", ROOT / "tools" / "make_digits.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_csv(path, table):
    with gzip.open(path, "wt") as file:
        np.savetxt(file, table, fmt="%d", delimiter=",")
    return path


def test_the_tool_makes_the_stored_file_from_the_source(make_digits, stored, tmp_path, monkeypatch, capsys):
    source = np.column_stack((stored["pixels"], stored["labels"]))[np.argsort(stored["source_row"])]
    csv, output = write_csv(tmp_path / "digits.csv.gz", source), tmp_path / "digits.npz"
    monkeypatch.setattr("sys.argv", ["make_digits.py", str(csv), "--output", str(output)])
    make_digits.main()
    assert "1797 images" in capsys.readouterr().out
    with np.load(output) as made:
        assert set(made) == set(stored)
        for name, array in stored.items():
            assert np.array_equal(made[name], array) and made[name].dtype == array.dtype


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: t[:, :-1], lambda t: t * 2, lambda t: t - 1])
def test_the_tool_refuses_another_file(make_digits, stored, tmp_path, spoil):
    table = np.column_stack((stored["pixels"], stored["labels"])).astype(int)
    with pytest.raises(SystemExit, match="expected"):
        make_digits.read_csv(write_csv(tmp_path / "other.csv.gz", spoil(table)))
