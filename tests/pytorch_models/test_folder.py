from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

from cifarx.pytorch_models.data.images import balanced_index
from cifarx.pytorch_models.data.open import open_data
from cifarx.pytorch_models.errors import UserError


def picture(path: Path, value: int = 0, size: tuple[int, int] = (6, 4), mode: str = "RGB") -> None:
    """A noisy PNG of (width, height)."""
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], 3)
    pixels = np.random.RandomState(value).randint(0, 256, shape, dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(20):
        picture(tmp_path / "d" / "train" / "cat dog"[i % 2 * 4 :][:3] / f"{i:02}.png", i)
        picture(tmp_path / "d" / "test" / "cat dog"[i % 2 * 4 :][:3] / f"{i:02}.png", 100 + i)
    return tmp_path / "d"


def test_images_labels_and_classes_are_those_of_torchvisions_image_folder(folder: Path) -> None:
    data = open_data(str(folder))
    reference = ImageFolder(str(folder / "train"))
    images = data.read("train", None)
    assert list(data.classes) == reference.classes
    assert images.labels.tolist() == reference.targets
    for mine, (theirs, _) in zip(images.pixels, reference, strict=True):
        np.testing.assert_array_equal(mine, np.asarray(theirs).transpose(2, 0, 1))


def test_a_limit_takes_the_first_images_of_each_class_in_turn(folder: Path) -> None:
    data = open_data(str(folder))
    every = data.read("train", None)
    five = data.read("train", balanced_index(data.labels("train"), 5))
    assert five.labels.tolist() == [0, 1, 0, 1, 0]
    np.testing.assert_array_equal(five.pixels[4], every.pixels[every.labels == 0][2])


def test_without_a_test_folder_every_fifth_image_is_kept_for_testing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for i in range(10):
            picture(tmp_path / name / f"{i}.png", i)
    data = open_data(str(tmp_path))
    assert len(data.read("train", None)) == 16
    assert len(data.read("test", None)) == 4


def test_all_grey_images_stay_grey_and_mixed_ones_become_rgb(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for i in range(5):
            picture(tmp_path / name / f"{i}.png", i, mode="L")
    assert open_data(str(tmp_path)).read("train", None).pixels.shape[1] == 1
    picture(tmp_path / "a" / "11.png", 6)
    assert open_data(str(tmp_path)).read("train", None).pixels.shape[1] == 3


def test_hidden_files_and_what_file_managers_leave_are_passed_over(folder: Path) -> None:
    (folder / "train" / "cat" / ".DS_Store").write_bytes(b"x")
    (folder / "train" / "cat" / "Thumbs.db").write_bytes(b"x")
    assert len(open_data(str(folder)).read("train", None)) == 20


def test_a_folder_with_no_images_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no images in .* one folder of images per class"):
        open_data(str(tmp_path))


def test_a_class_without_images_is_named(folder: Path) -> None:
    (folder / "train" / "emu").mkdir()
    (folder / "test" / "emu").mkdir()
    with pytest.raises(UserError, match="have no images: emu"):
        open_data(str(folder))


def test_different_classes_for_training_and_testing_are_named(folder: Path) -> None:
    picture(folder / "test" / "emu" / "0.png")
    with pytest.raises(UserError, match="different class folders: emu "):
        open_data(str(folder))


def test_a_single_class_is_rejected(tmp_path: Path) -> None:
    picture(tmp_path / "only" / "0.png")
    with pytest.raises(UserError, match="only one class folder, 'only'"):
        open_data(str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n broken"])
def test_a_file_that_is_no_image_is_named(folder: Path, content: bytes) -> None:
    (folder / "train" / "dog" / "99.png").write_bytes(content)
    with pytest.raises(UserError, match=r"train/dog/99.png in .* cannot be read as an image"):
        open_data(str(folder)).read("train", None)


def test_images_of_two_sizes_are_named_with_their_sizes(folder: Path) -> None:
    picture(folder / "train" / "dog" / "99.png", size=(7, 4))
    with pytest.raises(UserError, match=r"cat/00.png is 6x4, train/dog/99.png is 7x4"):
        open_data(str(folder)).read("train", None)


def test_labels_are_known_and_images_chosen_without_decoding_others(folder: Path) -> None:
    broken = folder / "train" / "dog" / "19.png"
    broken.write_bytes(b"broken")
    data = open_data(str(folder))
    assert data.labels("train").tolist() == [0] * 10 + [1] * 10
    chosen = data.read("train", np.array([18, 2]))
    assert chosen.labels.tolist() == [1, 0]
    with Image.open(folder / "train" / "dog" / "17.png") as image:
        np.testing.assert_array_equal(chosen.pixels[0], np.asarray(image).transpose(2, 0, 1))


def test_grey_images_are_read_as_rgb_wherever_another_of_the_set_is_rgb(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for i in range(10):
            picture(tmp_path / name / f"{i}.png", i, mode="L" if i < 9 else "RGB")
    data = open_data(str(tmp_path))
    some = data.read("test", None)  # 0.png and 5.png of each class, all of them grey
    assert some.pixels.shape == (4, 3, 4, 6)
    assert data.read("train", np.array([0])).pixels.shape == (1, 3, 4, 6)


@pytest.mark.parametrize("mode", [np.uint16, np.int32, np.float32])
def test_an_image_of_more_than_8_bits_is_rejected_instead_of_clipped(
    folder: Path, mode: type[np.generic]
) -> None:
    path = folder / "train" / "dog" / "99.tif"
    Image.fromarray(np.full((4, 6), 40_000, mode)).save(path)
    with pytest.raises(
        UserError, match=r"train/dog/99.tif in .* more than 8 bits .*dividing by 257"
    ):
        open_data(str(folder)).read("train", None)


def test_a_16_bit_grey_png_is_rejected(folder: Path) -> None:
    path = folder / "train" / "dog" / "99.png"
    Image.fromarray(np.full((4, 6), 40_000, np.uint16)).save(path)
    with pytest.raises(UserError, match=r"train/dog/99.png in .* more than 8 bits"):
        open_data(str(folder)).read("train", None)


def test_a_training_folder_without_a_test_folder_says_what_is_expected(folder: Path) -> None:
    (folder / "test").rename(folder / "unknown")
    with pytest.raises(UserError, match=r"train/cat\. .* name their folders train and test"):
        open_data(str(folder))


def test_folders_in_class_folders_are_named(folder: Path) -> None:
    picture(folder / "train" / "cat" / "persian" / "0.png")
    with pytest.raises(UserError, match=r"class folder of .*train: cat/persian\."):
        open_data(str(folder))


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    for name in ("car", "train"):
        for i in range(5):
            picture(tmp_path / name / f"{i}.png", i)
    assert open_data(str(tmp_path)).classes == ("car", "train")


def test_a_folder_that_may_not_be_read_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path / "inner"))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UserError, match=r"Cannot read .*inner: Permission denied. Give another"):
        open_data(str(folder))


def test_an_image_that_may_not_be_read_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    data = open_data(str(folder))
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UserError, match=r"Cannot read .*00.png: Permission denied"):
        data.read("train", None)
