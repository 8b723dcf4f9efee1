from __future__ import annotations

from pathlib import Path

import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import (
    reading,
    replacing,
    require_writable,
    write_bytes,
    write_text,
)


def test_a_block_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_text(path, "old\n")

    def fail_halfway() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the ne")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_replaces_the_old_one_whole(tmp_path: Path) -> None:
    write_bytes(tmp_path / "new" / "f", b"1")
    write_bytes(tmp_path / "new" / "f", b"2")
    assert (tmp_path / "new" / "f").read_bytes() == b"2"


def test_a_place_that_cannot_be_written_is_the_users_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"Cannot write .*Give another place"):
        write_bytes(tmp_path / "file" / "below", b"")


def test_a_place_is_tried_before_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    require_writable(tmp_path / "file")
    require_writable(tmp_path / "new" / "folder" / "f")
    with pytest.raises(UserError, match=r"Cannot write .*/file/a/b: .*/file is not a folder\."):
        require_writable(tmp_path / "file" / "a" / "b")
    with pytest.raises(UserError, match=r"Cannot write .*: File name too long\."):
        require_writable(tmp_path / ("f" * 250))  # which replacing would make longer
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match=r"Cannot read .*/nothing: No such file or directory\."),
        reading(tmp_path),
    ):
        (tmp_path / "nothing").read_bytes()
