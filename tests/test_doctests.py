"""Run the examples in the docstrings of all stages.

Only modules with an example are imported. `pytest --doctest-modules` would import every module, a
second time and under another name, since it finds modules by path.
"""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STAGES = ("pytorch_models", "export", "verify", "cli")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples() -> dict[str, int]:
    """Number of examples in each module that has any, by the module's name."""
    found = {}
    for stage in STAGES:
        for path in sorted((ROOT / stage / "cifarx").rglob("*.py")):
            count = len(re.findall(r"^ *>>> ", path.read_text("utf-8"), re.MULTILINE))
            if count:
                name = ".".join(path.relative_to(ROOT / stage).with_suffix("").parts)
                found[name.removesuffix(".__init__")] = count
    return found


@pytest.mark.parametrize(("name", "count"), examples().items())
def test_the_examples_of_a_module_run(
    name: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert result.failed == 0
    assert result.attempted == count  # an example that doctest does not see proves nothing
