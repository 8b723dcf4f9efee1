"""SHA-256 in the toolbox, by each way that a MATLAB may have, against hashlib."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from stand_in import TESTS, Octave

pytestmark = pytest.mark.octave

STANDIN = TESTS / "standin"

WAYS = {  # the folder of the stand-in that holds it, and the programs that are left
    "java": ("before/R2025a", ""),
    "digester": ("since/R2024b", ""),
    "program": (".", os.environ["PATH"]),
}


def without(folder: Path, function: str) -> None:
    """Put a function that fails in the place of one of +file, and MATLAB's lack of `hash`."""
    package = folder / "+cifarx" / "+internal" / "+file"
    package.mkdir(parents=True)
    (package / f"{function}.m").write_text(f"function {function}(~)\nerror('missing');\nend\n")
    shutil.copy(STANDIN / "hash.m", folder)


def pattern(length: int) -> bytes:
    """Bytes that Octave makes again by `mod((1:length) * 37 + length, 256)`."""
    return bytes((i * 37 + length) % 256 for i in range(1, length + 1))


@pytest.mark.parametrize(
    "first", [[0, 1, 3, 55, 56, 57], [63, 64, 65, 119, 120], [64 * 64, 64 * 65 + 1]], ids=str
)
def test_plain_arrays(first: list[int], octave_program: str, tmp_path: Path) -> None:
    """Lengths on both sides of a block, of its padding and of the blocks that are taken at once."""
    text = Octave(octave_program, tmp_path, release="")(
        f"for n = {first}, disp(cifarx.internal.file.sha256InArrays("
        "uint8(mod((1:n) * 37 + n, 256)))), end"
    )
    assert text.split() == [hashlib.sha256(pattern(n)).hexdigest() for n in first]


@pytest.mark.parametrize("way", WAYS)
def test_each_way_gives_the_same(way: str, octave_program: str, tmp_path: Path) -> None:
    folder, programs = WAYS[way]
    without(tmp_path, "sha256InArrays")
    text = Octave(octave_program, tmp_path, release="")(
        f"addpath('{STANDIN / folder}', '{tmp_path}'); setenv('PATH', '{programs}');"
        "disp(cifarx.internal.file.sha256(uint8(mod((1:100000) * 37 + 100000, 256))));"
    )
    assert text.strip() == hashlib.sha256(pattern(100000)).hexdigest()


def test_without_any_other_way_plain_arrays_are_left(octave_program: str, tmp_path: Path) -> None:
    """Neither Octave's function nor MATLAB's class, nor Java, nor a program."""
    shutil.copy(STANDIN / "hash.m", tmp_path)
    text = Octave(octave_program, tmp_path, release="")(
        f"addpath('{tmp_path}'); setenv('PATH', '');"
        "disp(cifarx.internal.file.sha256(uint8('abc')));"
    )
    assert text.strip() == hashlib.sha256(b"abc").hexdigest()


def test_a_check_goes_on_where_no_digest_can_be_had(octave_program: str, tmp_path: Path) -> None:
    """The logits are written all the same, with empty digests, and the weights are not passed."""
    without(tmp_path, "sha256")
    text = Octave(octave_program, tmp_path, release="")(
        f"copyfile('{TESTS}/data/oldest.mat', 'model.mat'); addpath('{tmp_path}');"
        "report = cifarx.verify('model.mat'); found = load('model.matlab-result.mat');"
        "assert(isequal(found.logits, report.outputs) && isempty(found.model_sha256));"
    )
    assert "FAILED | weights | the SHA-256 of the arrays cannot be computed here" in text
    assert text.splitlines()[-1].startswith("SAME PREDICTIONS | octave")
