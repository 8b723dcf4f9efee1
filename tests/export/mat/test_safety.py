"""What Octave or MATLAB could run is refused before anything loads it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import harmful_mat
import numpy as np
import pytest
from scipy.io import savemat

from cifarx.export.bundle import Bundle, Formats, write_bundle
from cifarx.export.mat.reader import read_mat
from cifarx.export.mat.safety import require_plain
from cifarx.pytorch_models.errors import UserError


@pytest.fixture
def file(bundle: Bundle, tmp_path: Path) -> Path:
    write_bundle(bundle, tmp_path, "model", Formats(onnx=True, mat=True))
    return tmp_path / "model.mat"


def compressed(element: bytes) -> bytes:
    packed = zlib.compress(element)
    return (15).to_bytes(4, "little") + len(packed).to_bytes(4, "little") + packed


SPOILT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "subsystem": (
        lambda m: harmful_mat.harmful(m, "1"),
        "holds a subsystem",
    ),
    "handle": (harmful_mat.with_handle, "holds a function handle; only numbers, char, cells"),
    "object": (harmful_mat.with_object, "holds an object; only numbers"),
    "compressed": (
        lambda m: m[:128] + compressed(harmful_mat.with_handle(b"")),
        "holds a function handle",
    ),
    "two in one": (lambda m: m[:128] + compressed(2 * harmful_mat.char("a")), "not one array"),
    "gzip": (lambda m: b"\x1f\x8b" + m[2:], "it has no header of level 5"),
    "big-endian": (lambda m: m[:124] + b"\1\0MI" + m[128:], "it has no header of level 5"),
    "half": (lambda m: m[:-8], "cut short .it ends too early"),
    "a byte more": (lambda m: m + b"\0", "was cut short"),
    "deep": (lambda m: m + deep(3000), "was cut short"),
}


def deep(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = harmful_mat.cell(inner) if inner else harmful_mat.cell()
    return inner


@pytest.mark.parametrize("name", SPOILT)
def test_what_is_not_plain_is_refused(file: Path, name: str) -> None:
    spoil, said = SPOILT[name]
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(UserError, match=said):
        read_mat(file)


def test_a_sparse_array_is_refused(tmp_path: Path) -> None:
    from scipy.sparse import eye

    savemat(tmp_path / "x.mat", {"a": eye(3)})
    with pytest.raises(UserError, match="holds a sparse array"):
        require_plain(tmp_path / "x.mat")


@pytest.mark.parametrize("compress", [False, True])
def test_whatever_scipy_writes_of_plain_values_is_taken(tmp_path: Path, compress: bool) -> None:
    values = {
        "text": "größe",
        "none": "",
        "cells": np.array(["x", "yy"], object),
        "fields": {"a": [], "b": {"c": True, "d": np.int8(3)}},
        "complex": np.ones((2, 3)) + 1j,
        "nothing": np.empty((0, 3), np.float32),
        "rows": np.array(["abc", "de"]),
    }
    savemat(tmp_path / "x.mat", values, do_compression=compress)
    require_plain(tmp_path / "x.mat")


@pytest.mark.octave
def test_verify_runs_no_octave_over_such_a_file(
    file: Path, cifarx: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "marker"
    file.write_bytes(harmful_mat.harmful(file.read_bytes(), harmful_mat.command(marker)))
    monkeypatch.chdir(tmp_path)
    finished = cifarx("verify", "model.onnx")
    assert "holds a subsystem" in finished.err  # type: ignore[attr-defined]
    assert not marker.exists()
