"""A file with a network object of MATLAB is told from other files, and nothing of it is loaded.

The bytes follow MathWorks' description of MAT-files; objects are of the undocumented type 17, of
which only the texts matter here.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from cifarx.export.mat.network_objects import network_class

CLASSES = ("SeriesNetwork", "DAGNetwork", "dlnetwork", "LayerGraph")


def element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def an_object(name: str, of: str) -> bytes:
    flags = element(6, struct.pack("<II", 17, 0))
    texts = [element(1, text.encode()) for text in (name, "MCOS", of)]
    return element(14, flags + b"".join(texts) + element(14, b""))


def header(title: str = "MATLAB 5.0 MAT-file, Platform: PCWIN64", subsystem: int = 4096) -> bytes:
    return title.encode().ljust(116) + struct.pack("<Q", subsystem) + b"\0\1IM"


def compressed(content: bytes) -> bytes:
    packed = zlib.compress(content)
    return struct.pack("<II", 15, len(packed)) + packed


def hdf5(of: str) -> bytes:
    """A file of version 7.3; of its content only the attribute matters here."""
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    return head + b"\x89HDF\r\n\x1a\n" + bytes(400) + b"MATLAB_class\0" + of.encode() + bytes(9)


FILES: dict[str, Callable[[str], bytes]] = {
    "compressed": lambda of: header() + compressed(an_object("net", of)),
    "plain": lambda of: header() + an_object("net", of),
    "no subsystem": lambda of: header(subsystem=0) + an_object("net", of),
    "after another": lambda of: header() + compressed(bytes(1000)) + compressed(an_object("n", of)),
    "version 7.3": hdf5,
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("of", CLASSES)
def test_a_network_object_gets_the_next_step(
    cifarx: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    of: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.mat").write_bytes(FILES[kind](of))
    assert network_class(tmp_path / "net.mat") == of
    done = cifarx("import", "net.mat")
    assert (done.code, done.out) == (2, "")
    text = done.err.splitlines()[-1]
    assert f"class {of}" in text
    assert "exportONNXNetwork(net, 'net.onnx')" in text
    assert [path.name for path in tmp_path.iterdir()] == ["net.mat"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        header(),
        header() + b"\x0f\0\0\0\xff\xff\xff\xff" + b"x" * 40,
        header() + compressed(an_object("SeriesNetworks", "double")),
        header() + compressed(an_object("net", "myDAGNetwork")),
        hdf5("double"),
        an_object("net", "SeriesNetwork"),
    ],
)
def test_other_files_hold_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mat").write_bytes(content)
    assert network_class(tmp_path / "x.mat") == ""


def test_a_struct_of_weights_is_told_what_is_missing(
    cifarx: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    savemat("w.mat", {"W1": np.ones((3, 3)), "net": {"conv1": {"weight": np.ones((2, 2))}}})
    done = cifarx("import", "w.mat")
    assert done.code == 2
    assert "the variables W1, net" in done.err
    assert "exportONNXNetwork" in done.err


def test_verify_of_a_mat_file_names_the_commands(
    cifarx: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    savemat("net.mat", {"x": 1.0})
    done = cifarx("verify", "net.mat")
    assert done.code == 2
    assert "'cifarx verify net.onnx'" in done.err
    assert "'cifarx import net.mat'" in done.err
