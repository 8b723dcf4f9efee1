"""Check that a MAT-file holds plain arrays only, without loading it.

Loading a function handle can run code: Octave evaluates the text of an anonymous function, and
MATLAB calls `loadobj` of an object. So every file is checked first, here and in the toolbox's
`requirePlainFile.m`, which does the same but refuses compressed variables.
https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf
"""

from __future__ import annotations

import mmap
import struct
import zlib
from math import prod
from pathlib import Path

from cifarx.export.mat.network_objects import advice
from cifarx.pytorch_models.errors import MalformedFileError, UserError

_TITLE = b"MATLAB 5.0 MAT-file"
_TITLE_7_3 = b"MATLAB 7.3 MAT-file"
_HEADER = 128
_LARGEST = 2**31  # bytes of a variable after decompression
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED, _UTF8 = 1, 5, 6, 14, 15, 16
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
_CELL, _STRUCT, _CHAR, _NUMBERS = 1, 2, 4, range(6, 16)
_STRANGE = {5: "a sparse array", 16: "a function handle"}
_COMPLEX = 0x800


def require_plain(path: Path) -> None:
    """Refuse a MAT-file that holds more than numbers, char, cells and structures.

    Raises:
        UserError: it does, it is not a MAT-file of level 5, or it is damaged.
    """
    try:
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole,
            memoryview(whole) as content,
        ):
            _require_header(path, bytes(content[:_HEADER]))
            at = _HEADER
            while at < len(content):
                at = _variable(path, content, at)
    except (
        MalformedFileError,
        RecursionError,
        OSError,
        ValueError,
        zlib.error,
        struct.error,
    ) as error:
        raise UserError(
            f"{path} cannot be read as a MAT-file, or was cut short ({error}). Export it "
            "again: 'cifarx export --mat'."
        ) from error


def _require_header(path: Path, header: bytes) -> None:
    """Title, byte order and version; no subsystem, which objects and function handles need."""
    strange = header.startswith(_TITLE_7_3) or header[116:124] not in (b"\0" * 8, b" " * 8)
    if strange and (text := advice(path)):
        raise UserError(text)
    if header.startswith(_TITLE_7_3):
        raise UserError(
            f"{path} is a MAT-file of version 7.3, which is HDF5. Save it as version 6, with "
            "cifarx.save or save(file, '-v6', ...)."
        )
    if not header.startswith(_TITLE) or header[124:] != b"\0\1IM":
        raise MalformedFileError("it has no header of level 5")
    if header[116:124] not in (b"\0" * 8, b" " * 8):
        raise _not_plain(path, "a subsystem, which stores function handles and objects")


def _variable(path: Path, content: memoryview, at: int) -> int:
    """Check the variable that starts at a position; return the position after it."""
    kind, size = struct.unpack_from("<II", content, at)
    if kind != _COMPRESSED:
        return _array(path, content, at, len(content))
    end: int = at + 8 + size
    if end > len(content):
        raise MalformedFileError("it ends too early")
    stream = zlib.decompressobj()
    with memoryview(stream.decompress(content[at + 8 : end], _LARGEST)) as inflated:
        if _array(path, inflated, 0, len(inflated)) != len(inflated):
            raise MalformedFileError("a compressed variable is not one array")
    return end


def _array(path: Path, content: memoryview, at: int, stop: int) -> int:
    """Check an array, and those in it; give the place behind it."""
    kind, size, at, end = _element(content, at, stop)
    if kind != _MATRIX or size % 8:
        raise MalformedFileError("an array is missing")
    if not size:
        return end  # []
    kind, size, start, at = _element(content, at, end)
    if (kind, size) != (_UINT32, 8):
        raise MalformedFileError("an array has no flags")
    (flags,) = struct.unpack_from("<I", content, start)
    if (strange := flags & 0xFF) not in (_CELL, _STRUCT, _CHAR, *_NUMBERS):
        text = "" if strange in _STRANGE else advice(path)
        raise UserError(text) if text else _not_plain(path, _STRANGE.get(strange, "an object"))
    kind, size, start, at = _element(content, at, end)
    if kind != _INT32 or size < 8 or size % 4:
        raise MalformedFileError("an array has no size")
    count: int = prod(struct.unpack_from(f"<{size // 4}I", content, start))
    kind, _, _, at = _element(content, at, end)
    if kind != _INT8:
        raise MalformedFileError("an array has no name")
    if _content(path, content, at, end, flags, count) != end:
        raise MalformedFileError("an array has another size than it says")
    return end


def _content(path: Path, content: memoryview, at: int, end: int, flags: int, count: int) -> int:
    kind = flags & 0xFF
    if kind == _CHAR or kind in _NUMBERS:
        for _ in range(2 if flags & _COMPLEX else 1):
            at = _numbers(content, at, end, count)
        return at
    if kind == _STRUCT:
        fields, at = _fields(content, at, end)
        count *= fields
    for _ in range(count):
        at = _array(path, content, at, end)
    return at


def _numbers(content: memoryview, at: int, end: int, count: int) -> int:
    kind, size, _, at = _element(content, at, end)
    if kind not in _WIDTHS or (kind != _UTF8 and size != count * _WIDTHS[kind]):
        raise MalformedFileError("an array has another size than it says")
    return at


def _fields(content: memoryview, at: int, end: int) -> tuple[int, int]:
    """Number of fields of a structure, and the position after their names."""
    tag, width = struct.unpack_from("<II", content, at)
    kind, size, _, at = _element(content, at + 8, end)
    if tag != (4 << 16 | _INT32) or kind != _INT8 or not width or size % width:
        raise MalformedFileError("a structure has no names of fields")
    return size // width, at


def _element(content: memoryview, at: int, stop: int) -> tuple[int, int, int, int]:
    """Type, length and first byte of an element, and the position after it."""
    if at + 8 > stop:
        raise MalformedFileError("it ends too early")
    tag, size = struct.unpack_from("<II", content, at)
    if small := tag >> 16:
        if small > 4:
            raise MalformedFileError("an element has a wrong tag")
        return tag & 0xFFFF, small, at + 4, at + 8
    end = at + 8 + size + -size % 8
    if end > stop:
        raise MalformedFileError("it ends too early")
    return tag, size, at + 8, end


def _not_plain(path: Path, found: str) -> UserError:
    return UserError(
        f"{path} holds {found}; only numbers, char, cells and structures are allowed. It was not "
        "loaded, as MATLAB and Octave could run code that is in it. Do not load it there unless "
        "you trust its author."
    )
