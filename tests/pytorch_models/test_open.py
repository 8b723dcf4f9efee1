from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cifarx.pytorch_models.data.open import NAMES, open_data, reopen_data
from cifarx.pytorch_models.errors import UserError


def test_a_name_that_is_neither_data_nor_folder_gets_the_nearest_one() -> None:
    for given, meant in (
        ("cifar-10", "cifar10"),
        ("MNIST", "mnist"),
        ("shapes_gray", "shapes-grey"),
    ):
        with pytest.raises(UserError, match=rf"does not exist.* Did you mean '{meant}'\?"):
            open_data(given)


def test_names_and_forms_are_listed_where_nothing_fits(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        open_data(str(tmp_path / "nothing"))
    text = str(caught.value)
    for form in (*NAMES, "one folder of images per class", "*-images-idx3-ubyte", "FILE.csv"):
        assert form in text
    assert "\n" not in text


@pytest.mark.parametrize("data", ["", " "])
def test_an_empty_name_is_rejected(data: str) -> None:
    with pytest.raises(UserError, match=r"--data is empty\. Allowed: cifar10, mnist,"):
        open_data(data)


def test_a_file_that_is_no_csv_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"data.zip .*it is a file, but not a CSV file"):
        open_data(str(tmp_path / "data.zip"))


def test_a_name_too_long_for_the_system_is_no_traceback() -> None:
    with pytest.raises(UserError, match="Cannot read xxxx"):
        open_data("x" * 5000)


def test_class_folders_come_before_csv_files_beside_them(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(2):
            Image.new("L", (3, 3)).save(tmp_path / name / f"{i}.png")
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("file,class")
    assert open_data(str(tmp_path)).classes == ("a", "b")


def test_idx_files_come_before_csv_files_beside_them(tmp_path: Path) -> None:
    images = bytes([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 1, 9, 8, 7, 6])
    for name in ("train", "t10k"):
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(images)
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(
            bytes([0, 0, 8, 1, 0, 0, 0, 4] + [0] * 4)
        )
        (tmp_path / f"fashion-mnist_{name}.csv").write_text("not read")
    assert open_data(str(tmp_path)).read("test", None).pixels.ravel().tolist() == [9, 8, 7, 6]


def test_a_run_reopens_a_csv_file_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{i % 10}{f',{i}' * 784}\n" for i in range(20))
    (tmp_path / "a.csv").write_text(rows)
    monkeypatch.chdir(tmp_path)
    data = open_data("a.csv")
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "b")
    again = reopen_data(data.origin, data.root)
    assert again.read("test", None).digest() == data.read("test", None).digest()
    np.testing.assert_array_equal(again.labels("test"), np.arange(10))
