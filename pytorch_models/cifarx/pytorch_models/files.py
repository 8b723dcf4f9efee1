"""Files that appear whole or not at all, and files that cannot be read."""

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
    """Give a temporary name beside `path`; rename it to `path` when the block ends well.

    A block that raises, a full disk or a killed process leaves an existing `path` as it was.
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
    """Raise `UserError` where `replacing` could not write `path`; leave nothing there.

    For what takes minutes to compute: folders that are not there yet are not made, but a file is
    tried in the nearest one that is.
    """
    folder = next((p for p in path.parents if os.path.lexists(p)), Path())
    if not os.path.isdir(folder):
        raise _unwritable(path, f"{folder} is no folder")
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
        "Give another place, or make room or permission for this one."
    )


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file, by rename."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a whole UTF-8 text file with Unix line ends, by rename."""
    write_bytes(path, content.encode("utf-8"))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise `UserError` where the system does not let the block read `path` or what is in it."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"Cannot read {error.filename or path}: {error.strerror or error}. "
            "Give another file or folder, or permission to read this one."
        ) from error


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
