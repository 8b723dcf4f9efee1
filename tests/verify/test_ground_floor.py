"""The records and the reports of a check load nothing that computes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BLOCKED = ("torch", "onnx", "onnxscript", "onnxruntime", "scipy", "numpy")


@pytest.mark.parametrize("room", ["findings", "report"])
def test_records_and_reports_import_nothing_heavy(root: Path, room: str) -> None:
    modules = sorted((root / "verify" / "cifarx" / "verify" / room).glob("*.py"))
    assert len(modules) > 5
    code = (
        "import importlib, sys\n"
        "class Blocked:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {BLOCKED}:\n"
        "            raise ImportError(f'{name} is blocked')\n"
        "sys.meta_path.insert(0, Blocked())\n"
        f"for name in {[path.stem for path in modules]}:\n"
        f"    importlib.import_module(f'cifarx.verify.{room}.{{name}}')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("remembered")
def test_a_saved_report_is_judged_without_anything_heavy(
    work: Path, cifarx: Callable[..., Any]
) -> None:
    made = cifarx("verify", "model.onnx", "--engines", "onnxruntime")
    assert made.code == 0, made.out + made.err
    code = (
        "import sys\n"
        "sys.argv = ['cifarx', 'verify', '--judge', 'report.json']\n"
        "from cifarx.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        f"    print({{*{BLOCKED}}} & set(sys.modules), file=sys.stderr)\n"
    )
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (again.returncode, again.stdout) == (0, made.out)
    assert again.stderr.strip() == "set()"
