"""Tell whether a MAT-file holds a network object of MATLAB, which only MATLAB can load.

The class of an object stands in plain text: in a file of version 7.3 (HDF5) in an attribute
MATLAB_class, in an older file behind the name of its variable, which may be compressed, or among
the names at the start of the subsystem. Nothing is loaded.
https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

_CLASS = re.compile(
    rb"(?<![\w.])(?:nnet\.cnn\.)?(SeriesNetwork|DAGNetwork|dlnetwork|LayerGraph)(?!\w)"
)
_HEADER = 128
_COMPRESSED = 15
_SEEN = 2**20  # bytes of each variable


def network_class(path: Path) -> str:
    """Return the class of a network object in a MAT-file, without its package; '' if none is found.

    Damaged files give ''.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            parts = [whole] if whole[:19] == b"MATLAB 7.3 MAT-file" else _variables(whole)
            found = next(filter(None, map(_CLASS.search, parts)), None)
            return found[1].decode() if found else ""
    except (OSError, ValueError, zlib.error, struct.error):
        return ""


def _variables(whole: mmap.mmap) -> Iterator[bytes]:
    """Yield the first bytes of each variable, decompressed."""
    at = _HEADER
    while at + 8 <= len(whole):
        kind, size = struct.unpack_from("<II", whole, at)
        content = whole[at + 8 : min(at + 8 + size, at + 8 + _SEEN)]
        if kind == _COMPRESSED:
            content = zlib.decompressobj().decompress(content, _SEEN)
        yield content
        at += 8 + size


def advice(path: Path) -> str:
    """Return what to do with a file that holds a network object; '' for another file."""
    found = network_class(path)
    if not found:
        return ""
    return (
        f"{path} holds a network object of MATLAB (class {found}), which only MATLAB can load. "
        "Load it there and write it as ONNX, exportONNXNetwork(net, 'net.onnx'), which 'cifarx "
        "import net.onnx' reads. A dlnetwork that cifarx.dlnetwork made is written by "
        "cifarx.save(net, 'net.mat', TEMPLATE)."
    )
