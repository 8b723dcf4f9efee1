"""Write files so that they appear complete or not at all, and report files that cannot be read."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cifarx.pytorch_models.errors import UserError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder; rename it to `path` when the block succeeds.

    If the block raises, the disk is full or the process is killed, an existing `path` is unchanged.

    Raises:
        UserError: the file cannot be written.
    """
    temporary = _temporary(path, path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("r+b") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise _unwritable(path, error.strerror or error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def require_writable(path: Path) -> None:
    """Raise `UserError` if `replacing` could not write `path`.

    Call it before a computation that takes minutes. It makes no folders and leaves no file: it only
    tries to create a file in the nearest existing folder.
    """
    folder = next((p for p in path.parents if os.path.lexists(p)), Path())
    if not os.path.isdir(folder):
        raise _unwritable(path, f"{folder} is not a folder")
    temporary = _temporary(path, folder)
    try:
        temporary.open("xb").close()
        temporary.unlink()
    except OSError as error:
        raise _unwritable(path, error.strerror or error) from error


def _temporary(path: Path, folder: Path) -> Path:
    return folder / f".{path.name}.{secrets.token_hex(4)}.partial"


def _unwritable(path: Path, reason: object) -> UserError:
    return UserError(
        f"Cannot write {path}: {reason}. Nothing was changed there. "
        "Give another place, or free disk space or change the permissions of this one."
    )


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file by `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 text file with Unix line ends by `replacing`."""
    write_bytes(path, content.encode("utf-8"))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise `UserError` if the operating system does not let the block read `path`."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"Cannot read {error.filename or path}: {error.strerror or error}. "
            "Give another file or folder, or change the permissions of this one."
        ) from error


def sha256(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal.

    >>> write_text(Path("a.txt"), "abc")
    >>> sha256(Path("a.txt"))[:16]
    'ba7816bf8f01cfea'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
