"""Where the toolbox is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.engines import toolbox_path as module
from cifarx.verify.engines.toolbox_path import toolbox_path


def test_an_editable_install_uses_the_source_tree(root: Path) -> None:
    assert toolbox_path() == root / "matlab" / "toolbox"


def test_a_wheel_has_it_beside_the_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "cifarx" / "verify" / "engines" / "toolbox_path.py"
    monkeypatch.setattr(module, "__file__", str(file))
    with pytest.raises(UserError, match="Install cifarx again"):
        toolbox_path()
    package = tmp_path / "cifarx" / "toolbox" / "+cifarx"
    package.mkdir(parents=True)
    (package / "load.m").write_text("")
    assert toolbox_path() == package.parent
