"""Inputs in files of numpy, and what is not taken from them."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from cifarx.pytorch_models.data import arrays
from cifarx.pytorch_models.data.arrays import LABELS, read_arrays
from cifarx.pytorch_models.errors import UserError

X = np.random.RandomState(0).standard_normal((4, 3, 2, 2)).astype(np.float32)


@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_of_either_byte_order_are_read(tmp_path: Path, order: str) -> None:
    np.save(tmp_path / "x.npy", X.astype(f"{order}f4"))
    found = read_arrays(tmp_path / "x.npy")
    assert found.values[0].dtype == np.dtype("=f4")
    np.testing.assert_array_equal(found.values[0], X)
    assert found.labels.tolist() == []


def test_memory_in_fortrans_order_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.asfortranarray(X))
    (found,) = read_arrays(tmp_path / "x.npy").values
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, X)


@pytest.mark.parametrize("name", LABELS)
def test_labels_have_one_of_several_names(tmp_path: Path, name: str) -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2)
    np.savez_compressed(tmp_path / "d.npz", **{"x": pixels, name: np.int16([7, 0])})
    found = read_arrays(tmp_path / "d.npz")
    assert found.values[0].dtype == np.uint8
    np.testing.assert_array_equal(found.values[0], pixels)
    assert found.labels.dtype == np.int64
    assert found.labels.tolist() == [7, 0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"a": X, "b": X}, "holds the arrays a, b; which of them are the inputs is not clear"),
        ({"labels": np.arange(4)}, "which of them are the inputs is not clear"),
        ({"x": X, "y": np.arange(4), "label": np.arange(4)}, "is not clear"),
        ({"x": X.astype(np.float64)}, "holds float64 of shape (4, 3, 2, 2), not inputs"),
        ({"x": X.ravel()}, "holds float32 of shape (48,), not inputs"),
        ({"x": X[:0]}, "holds no inputs"),
        ({"x": X * np.nan}, "numbers that are not finite"),
        ({"x": X, "labels": np.arange(3)}, "not one class number from 0 for each of the 4 inputs"),
        ({"x": X, "labels": np.arange(4) - 1}, "labels is int64 of shape (4,)"),
        ({"x": X, "labels": np.ones(4)}, "labels is float64"),
        ({"x": X, "labels": np.eye(4, dtype=int)}, "of shape (4, 4)"),
    ],
)
def test_what_is_not_clear_is_refused(
    tmp_path: Path, content: dict[str, np.ndarray], words: str
) -> None:
    np.savez(tmp_path / "d.npz", **content)
    with pytest.raises(UserError) as caught:
        read_arrays(tmp_path / "d.npz")
    assert words in str(caught.value)


class Harmful:
    """Makes a file where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(Path.cwd() / "harmed"), "w")


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_pickled_objects_are_refused_and_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    objects = np.array([Harmful()], object)
    if name.endswith("z"):
        np.savez(name, x=objects)
    else:
        np.save(name, objects, allow_pickle=True)
    with pytest.raises(UserError, match=r"cannot be read as a file of numpy \(Object arrays"):
        read_arrays(Path(name))
    Path("plain.npy").write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(UserError, match="cannot be read as a file of numpy"):
        read_arrays(Path("plain.npy"))
    assert not Path("harmed").exists()


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04", b"hello"])
@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as a file of numpy"):
        read_arrays(tmp_path / name)


def test_the_content_decides_and_not_the_ending(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X, y=np.arange(4))
    (tmp_path / "d.npz").rename(tmp_path / "d.npy")
    assert read_arrays(tmp_path / "d.npy").labels.tolist() == [0, 1, 2, 3]
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "x.npy").rename(tmp_path / "x.npz")
    np.testing.assert_array_equal(read_arrays(tmp_path / "x.npz").values[0], X)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone.npy is not a file"):
        read_arrays(tmp_path / "gone.npy")


def test_sizes_are_limited_before_and_after_unpacking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "_LARGEST", 2000)
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros((1, 100, 100), np.float32))
    assert (tmp_path / "bomb.npz").stat().st_size < 2000
    with pytest.raises(UserError, match=r"it unpacks to 40,\d+ bytes, more than 2,000"):
        read_arrays(tmp_path / "bomb.npz")
    np.save(tmp_path / "large.npy", np.zeros((1, 600), np.float32))
    with pytest.raises(UserError, match="more than 2,000"):
        read_arrays(tmp_path / "large.npy")


def test_several_inputs_come_under_their_names(tmp_path: Path) -> None:
    state = np.ones((4, 5), np.float32)
    np.savez(tmp_path / "d.npz", state=state, image=X, y=np.arange(4))
    found = read_arrays(tmp_path / "d.npz", ("image", "state"))
    np.testing.assert_array_equal(found.values[0], X)
    np.testing.assert_array_equal(found.values[1], state)
    assert found.labels.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"image": X}, "holds the arrays image; which .* The network takes image, state"),
        ({"a": X, "b": X}, "The network takes image, state"),
        ({"image": X, "state": X, "more": X}, "holds the arrays image, state, more"),
        ({"image": X, "state": X[:3]}, r"different numbers of inputs \(image 4, state 3\)"),
        ({"image": X, "state": X[:, 0, 0, 0]}, "not inputs"),
    ],
)
def test_other_arrays_than_the_inputs_are_refused(
    tmp_path: Path, content: dict[str, np.ndarray], words: str
) -> None:
    np.savez(tmp_path / "d.npz", **content)
    with pytest.raises(UserError, match=words):
        read_arrays(tmp_path / "d.npz", ("image", "state"))


def test_an_array_of_one_input_has_any_name_and_any_rank(tmp_path: Path) -> None:
    for shape in ((4, 5), (4, 5, 6), (4, 5, 6, 7)):
        np.savez(tmp_path / "d.npz", anything=np.ones(shape, np.float32))
        assert read_arrays(tmp_path / "d.npz", ("features",)).values[0].shape == shape


def test_labels_of_pixels_may_be_missing(tmp_path: Path) -> None:
    labels = np.int8([[[0, -1], [3, 2]]] * 4)
    np.savez(tmp_path / "d.npz", x=X, labels=labels)
    found = read_arrays(tmp_path / "d.npz").labels
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, labels)
    np.savez(tmp_path / "d.npz", x=X, labels=labels - 1)
    with pytest.raises(UserError, match="or each of their pixels"):
        read_arrays(tmp_path / "d.npz")
