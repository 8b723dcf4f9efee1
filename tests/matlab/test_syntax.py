"""The .m files are MATLAB for a parser that knows nothing of Octave or MISS_HIT."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("tree_sitter_matlab", reason="pip install -e '.[dev]' installs it")

from matlab_syntax import main, mistakes

ROOT = Path(__file__).resolve().parents[2]


def test_every_file_parses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(str(ROOT / "matlab")) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "function y = f(x)\ny = x + ;\nend\n",
        "y = (1 + 2;\n",
        "if x\n  y = 1;\n",
        "x++;\n",
        "# a comment of Octave\n",
    ],
)
def test_what_is_not_matlab_is_found(text: str, tmp_path: Path) -> None:
    file = tmp_path / "f.m"
    file.write_text(text)
    assert mistakes(file), text
    assert main(str(tmp_path)) == 1


def test_a_folder_without_files_is_not_in_order(tmp_path: Path) -> None:
    assert main(str(tmp_path)) == 1
