from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cifarx.pytorch_models.data import kaggle_csv
from cifarx.pytorch_models.data.kaggle_csv import read_csv
from cifarx.pytorch_models.data.open import open_data
from cifarx.pytorch_models.errors import UserError

HEADER = "label," + ",".join(f"pixel{i}" for i in range(784))


def row(label: object = 3, **pixels: object) -> str:
    """A row whose pixels are 0 but those named, such as p0=255."""
    values = [str(pixels.get(f"p{i}", 0)) for i in range(784)]
    return ",".join([str(label), *values])


def table(count: int) -> list[str]:
    return [HEADER, *(row(i % 10, p0=i) for i in range(count))]


def write(path: Path, *lines: str, end: str = "\n") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def test_a_row_is_the_label_and_the_pixels_row_by_row(tmp_path: Path) -> None:
    images = read_csv(write(tmp_path / "a.csv", HEADER, row(7, p1=10, p28=20, p783=255), row(0)))
    assert images.labels.tolist() == [7, 0]
    assert images.pixels.shape == (2, 1, 28, 28)
    assert images.pixels.dtype == np.uint8
    first = images.pixels[0, 0]
    assert (first[0, 1], first[1, 0], first[27, 27], first.sum(dtype=int)) == (10, 20, 255, 285)
    assert not images.pixels[1].any()


@pytest.mark.parametrize(
    "content",
    [
        f"{row(7, p5=9)}\n{row(2)}\n",
        f"{HEADER}\r\n{row(7, p5=9)}\r\n{row(2)}\r\n",
        f"{HEADER}\n{row(7, p5=9)}\n{row(2)}\n\n\n",
        f"{HEADER}\n{row(7, p5=9)}\n{row(2)}",
        f"\N{BYTE ORDER MARK}{row(7, p5=9)}\n{row(2)}\n",
        '"label",' + HEADER[6:].replace("pixel", "x") + f"\n{row(7, p5=9)}\n{row(2)}\n",
        f"{HEADER}\n{row(7, p5=9)}\n{row(2)}\n".replace(",", ", "),
        f"{HEADER}\n{row(7, p5=9)}\n{row(2)}\n".replace("7,", '"7",'),
    ],
    ids=["no header", "CRLF", "blank end", "no end", "BOM", "quoted header", "spaces", "quoted"],
)
def test_what_spreadsheets_and_kaggle_write_is_read_alike(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode())
    images = read_csv(path)
    assert images.labels.tolist() == [7, 2]
    assert images.pixels[0, 0, 0, :7].tolist() == [0, 0, 0, 0, 0, 9, 0]
    assert images.pixels.sum(dtype=int) == 9


def test_of_one_file_every_fifth_image_of_a_class_is_for_testing(tmp_path: Path) -> None:
    data = open_data(str(write(tmp_path / "digits.csv", *table(60))))
    assert (data.name, data.origin) == ("digits", str(tmp_path / "digits.csv"))
    assert data.classes == tuple("0123456789")
    held_out = [*range(10), *range(50, 60)]  # images 0 and 5 of each class; p0 tells them apart
    assert data.read("test", None).pixels[:, 0, 0, 0].tolist() == held_out
    assert data.read("train", np.array([3, 0])).pixels[:, 0, 0, 0].tolist() == [13, 10]


def test_a_folder_with_a_training_and_a_test_file(tmp_path: Path) -> None:
    write(tmp_path / "fashion-mnist_train.csv", *table(20))
    write(tmp_path / "fashion-mnist_test.csv", *table(10))
    write(tmp_path / "sample_submission.csv", "ImageId,Label")
    data = open_data(str(tmp_path))
    assert (len(data.labels("train")), len(data.labels("test"))) == (20, 10)
    assert (data.name, data.classes[0]) == (tmp_path.name, "T-shirt/top")
    assert data.root == str(tmp_path)


def test_a_file_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[Path] = []

    def counting(path: Path) -> object:
        parsed.append(path)
        return read_csv(path)

    monkeypatch.setattr(kaggle_csv, "read_csv", counting)
    path = write(tmp_path / "a.csv", *table(20))
    data = open_data(str(path))
    assert not parsed
    data.labels("train"), data.read("train", None), data.read("test", None)
    assert parsed == [path]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([HEADER, row(), row()[:-2]], r"a.csv, row 3 has 784 columns\. Expected .* 785 comma"),
        ([row(), row(), row() + ",0"], r"a.csv, row 3 has 786 columns"),
        ([HEADER, row(), "", row()], r"a.csv, row 3 has 0 columns"),
        ([HEADER, row(), row(p4="x")], r"a.csv, row 3, column 6: 'x' is not a number"),
        ([HEADER, row(p4="")], r"a.csv, row 2, column 6: '' is not a number"),
        ([HEADER, row(p4="nan")], r"a.csv, row 2, column 6: 'nan' is not a whole number"),
        ([row(), row(p4=1.5)], r"a.csv, row 2, column 6: '1.5' is not a whole number"),
        ([row(), row(p783="1e2")], r"a.csv, row 2, column 785: '1e2' is not a whole number"),
        ([row(), row(p0=256)], r"a.csv, row 2, column 2: the pixel 256 is not in 0 to 255"),
        ([row(), row(p0=65536)], r"a.csv, row 2, column 2: the pixel 65536 is not in 0 to 255"),
        ([row(), row(p0=-1)], r"a.csv, row 2, column 2: the pixel -1 is not in 0 to 255"),
        ([HEADER, row(10)], r"a.csv, row 2, column 1: the label 10 is not in 0 to 9"),
        ([row(), row(-1)], r"a.csv, row 2, column 1: the label -1 is not in 0 to 9"),
        ([HEADER], r"a.csv has a header and no rows"),
        ([], r"a.csv is empty"),
        (["", "", ""], r"a.csv is empty"),
        (["some text", "and more"], r"a.csv, row 2 has 1 column\. Expected one row per image"),
        ([row().replace(",", ";")], r"a.csv has a header and no rows"),
        ([HEADER, row().replace(",", ";")], r"a.csv, row 2 has 1 column\. .* comma-separated"),
    ],
)
def test_the_first_wrong_row_is_named_with_what_is_wrong(
    tmp_path: Path, lines: list[str], text: str
) -> None:
    with pytest.raises(UserError, match=text):
        read_csv(write(tmp_path / "a.csv", *lines))


def test_rows_beyond_the_first_block_are_read_and_counted_alike(tmp_path: Path) -> None:
    lines = [row(i % 10, p0=i % 256) for i in range(1_201)]
    images = read_csv(write(tmp_path / "a.csv", HEADER, *lines))
    assert images.labels.tolist() == [i % 10 for i in range(1_201)]
    assert images.pixels[:, 0, 0, 0].tolist() == [i % 256 for i in range(1_201)]
    lines[1_100] = row(p7="?")
    with pytest.raises(UserError, match=r"a.csv, row 1102, column 9: '\?' is not a number"):
        read_csv(write(tmp_path / "a.csv", HEADER, *lines))


@pytest.mark.parametrize("header", [[], [HEADER[6:]]])
def test_a_test_file_without_labels_is_known(tmp_path: Path, header: list[str]) -> None:
    write(tmp_path / "train.csv", *table(20))
    write(tmp_path / "test.csv", *header, *[row()[2:]] * 3)
    data = open_data(str(tmp_path))
    assert len(data.labels("train")) == 20
    with pytest.raises(UserError, match=r"test.csv has 784 .* labels are missing.* train.csv"):
        data.labels("test")


def test_labels_that_are_not_in_the_first_column_are_found_by_the_header(tmp_path: Path) -> None:
    header = HEADER.removeprefix("label,") + ",class"
    with pytest.raises(UserError, match=r"a.csv has its labels in column 785, 'class'"):
        read_csv(write(tmp_path / "a.csv", header, row(0)))


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n", HEADER.encode("utf-16"), b"1,2\0\0"])
def test_a_file_that_is_no_text_is_no_csv_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"a.csv is not a CSV file: .*(UTF-8|binary)"):
        open_data(str(tmp_path / "a.csv")).labels("train")


@pytest.mark.parametrize("names", [["a"], ["train", "train2", "test"], ["train-test", "x"]])
def test_a_folder_with_other_csv_files_lists_them(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        write(tmp_path / f"{name}.csv", *table(10))
    with pytest.raises(UserError, match=rf"CSV files .*{names[0]}.csv.*: --data .*\.csv"):
        open_data(str(tmp_path))
