from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from torchvision.datasets.mnist import read_image_file, read_label_file

from cifarx.pytorch_models.data.idx import read_images, read_labels
from cifarx.pytorch_models.data.open import open_data
from cifarx.pytorch_models.errors import UserError

RANDOM = np.random.RandomState(0)


def idx_bytes(values: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    return header + values.astype(np.uint8).tobytes()


def write(path: Path, values: np.ndarray) -> Path:
    content = idx_bytes(values)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_pair(folder: Path, start: str = "train-", count: int = 20, size: int = 4) -> None:
    """Images of 4x`size` and labels 0, 1, .. 9, 0, .. of the data set `start`."""
    folder.mkdir(exist_ok=True)
    images = RANDOM.randint(0, 256, (count, 4, size))
    write(folder / f"{start}images-idx3-ubyte", images)
    write(folder / f"{start}labels-idx1-ubyte", np.arange(count) % 10)


@given(arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, max_side=9)), st.booleans())
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, images: np.ndarray, compressed: bool
) -> None:
    name = "x-images-idx3-ubyte" + ".gz" * compressed
    path = write(tmp_path_factory.mktemp("idx") / name, images)
    np.testing.assert_array_equal(read_images(path), images)


def test_files_are_read_as_torchvision_reads_them(tmp_path: Path) -> None:
    write_pair(tmp_path / "d")
    images, labels = sorted((tmp_path / "d").iterdir())
    np.testing.assert_array_equal(read_images(images), read_image_file(str(images)).numpy())
    np.testing.assert_array_equal(read_labels(labels), read_label_file(str(labels)).numpy())


@pytest.mark.parametrize("test", ["t10k-", "test-", "my-test-"])
def test_a_training_and_a_test_pair_are_found_by_their_names(tmp_path: Path, test: str) -> None:
    write_pair(tmp_path / "d", "train-", 30)
    write_pair(tmp_path / "d", test, 20)
    data = open_data(str(tmp_path / "d"))
    assert (data.name, data.origin, data.classes) == ("d", str(tmp_path / "d"), tuple("0123456789"))
    assert data.labels("train").tolist() == [*range(10)] * 3
    every = read_images(tmp_path / "d" / f"{test}images-idx3-ubyte")
    some = data.read("test", np.array([7, 2]))
    assert some.labels.tolist() == [7, 2]
    np.testing.assert_array_equal(some.pixels, every[[7, 2], None])


@pytest.mark.parametrize("start", ["t10k-", "anything-", ""])
def test_of_one_pair_every_fifth_image_of_a_class_is_for_testing(
    tmp_path: Path, start: str
) -> None:
    write_pair(tmp_path / "d", start, 60)
    data = open_data(str(tmp_path / "d"))
    every = read_images(tmp_path / "d" / f"{start}images-idx3-ubyte")[:, None]
    test = [*range(10), *range(50, 60)]  # images 0 and 5 of each class
    np.testing.assert_array_equal(data.read("test", None).pixels, every[test])
    np.testing.assert_array_equal(data.read("train", None).pixels, every[10:50])


def test_the_other_spelling_and_a_compressed_copy_beside_the_file_are_taken(tmp_path: Path) -> None:
    write(tmp_path / "train-images.idx3-ubyte", np.ones((20, 2, 3)))
    write(tmp_path / "train-labels.idx1-ubyte", np.arange(20) % 10)
    write(tmp_path / "train-labels.idx1-ubyte.gz", np.arange(20) % 10)
    assert open_data(str(tmp_path)).read("train", None).pixels.shape == (10, 1, 2, 3)


def test_the_names_of_fashion_mnist_go_with_a_file_or_a_folder_called_so(tmp_path: Path) -> None:
    write_pair(tmp_path / "a", "Fashion-")
    write_pair(tmp_path / "my-fashion", "")
    (tmp_path / "fashion").mkdir()
    write_pair(tmp_path / "fashion" / "digits", "")  # a folder further up says nothing
    assert open_data(str(tmp_path / "a")).classes[9] == "Ankle boot"
    assert open_data(str(tmp_path / "my-fashion")).classes[9] == "Ankle boot"
    assert open_data(str(tmp_path / "fashion" / "digits")).classes[9] == "9"


def test_labels_are_given_without_reading_an_image(tmp_path: Path) -> None:
    write_pair(tmp_path / "d")
    images = tmp_path / "d" / "train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-1])
    data = open_data(str(tmp_path / "d"))
    assert len(data.labels("train")) == 10
    with pytest.raises(UserError, match="truncated"):
        data.read("train", np.array([0]))


def cut(content: bytes) -> bytes:
    return content[:-17]


def add(content: bytes) -> bytes:
    return content + b"\0\0"


def wrong_type(content: bytes) -> bytes:
    return b"\0\0\x0d" + content[3:]


def only_start(content: bytes) -> bytes:
    return content[:9]


def nothing(content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (cut, r"train-images-idx3-ubyte is truncated: .* image 19 of the 20"),
        (add, r"train-images-idx3-ubyte has 2 bytes after .* 20 images"),
        (wrong_type, r"not an IDX file of images: .* 00 00 0d 03, .* 00 00 08 03"),
        (only_start, r"holds no images: .* 20 x 0 x 0"),
        (nothing, r"not an IDX file of images: .* \(none\), .* 00 00 08 03"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(
    tmp_path: Path, damage: Callable[[bytes], bytes], text: str
) -> None:
    write_pair(tmp_path / "d")
    images = tmp_path / "d" / "train-images-idx3-ubyte"
    images.write_bytes(damage(images.read_bytes()))
    with pytest.raises(UserError, match=text):
        open_data(str(tmp_path / "d")).read("train", None)


def test_labels_given_as_images_are_told_by_their_header(tmp_path: Path) -> None:
    write_pair(tmp_path / "d")
    (tmp_path / "d" / "train-labels-idx1-ubyte").replace(tmp_path / "d" / "train-images-idx3-ubyte")
    write(tmp_path / "d" / "train-labels-idx1-ubyte", np.arange(20) % 10)
    with pytest.raises(UserError, match=r"bytes 00 00 08 01, .* 00 00 08 03"):
        open_data(str(tmp_path / "d"))


def test_a_label_above_nine_is_named_with_its_image(tmp_path: Path) -> None:
    write_pair(tmp_path / "d")
    write(tmp_path / "d" / "train-labels-idx1-ubyte", np.array([*range(10), 3, 10] + [0] * 8))
    with pytest.raises(UserError, match=r"labels-idx1-ubyte: .* image 12 is 10, .* 0 to 9"):
        open_data(str(tmp_path / "d")).labels("train")


def test_counts_that_differ_are_both_named(tmp_path: Path) -> None:
    write_pair(tmp_path / "d")
    write(tmp_path / "d" / "train-labels-idx1-ubyte", np.arange(19) % 10)
    with pytest.raises(UserError, match=r"20 images, but train-labels-idx1-ubyte .* 19 labels"):
        open_data(str(tmp_path / "d"))


def test_sizes_that_differ_are_both_named(tmp_path: Path) -> None:
    write_pair(tmp_path / "d", "train-", size=4)
    write_pair(tmp_path / "d", "t10k-", size=5)
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte are 4x4, .*t10k.* are 5x4\."):
        open_data(str(tmp_path / "d"))


@pytest.mark.parametrize(
    "content", [b"no gzip", gzip.compress(b"\0" * 9999, mtime=0)[:-12], b"\x1f\x8b\x08"]
)
def test_what_is_called_gz_and_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    write_pair(tmp_path / "d")
    (tmp_path / "d" / "train-labels-idx1-ubyte.gz").write_bytes(content)
    with pytest.raises(UserError, match=r"train-labels-idx1-ubyte.gz is not .*(gzip|IDX) file"):
        open_data(str(tmp_path / "d")).labels("train")


def test_a_file_without_its_partner_says_which_is_wanted(tmp_path: Path) -> None:
    write(tmp_path / "t10k-images-idx3-ubyte.gz", np.ones((20, 2, 3)))
    with pytest.raises(UserError, match=r"not the labels .* t10k-labels-idx1-ubyte\.gz"):
        open_data(str(tmp_path))


def test_pairs_that_cannot_be_told_apart_are_listed(tmp_path: Path) -> None:
    for start in ("a-", "b-", "train-"):
        write_pair(tmp_path / "d", start)
    with pytest.raises(UserError, match=r"3 pairs of IDX files, named a, b, train\."):
        open_data(str(tmp_path / "d"))


@pytest.mark.parametrize(
    ("name", "counts", "boots"),
    [("mnist-t10k", (7_997, 2_003), False), ("fashion-mnist-4000", (3_196, 804), True)],
)
def test_the_real_files(root: Path, name: str, counts: tuple[int, int], boots: bool) -> None:
    folder = root.parent / "shared" / "data" / name
    if not folder.is_dir():
        pytest.skip(f"there is no ../shared/data/{name} beside the checkout")
    data = open_data(str(folder))
    assert (len(data.labels("train")), len(data.labels("test"))) == counts
    assert data.read("test", np.arange(3)).pixels.shape == (3, 1, 28, 28)
    assert ("Ankle boot" in data.classes) == boots
