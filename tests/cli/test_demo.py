from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demo_trains_bn8_beyond_95_percent_and_ends_equivalent(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cifarx.cli", "demo", "--out", "d"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("EQUIVALENT | ")
    record = json.loads((tmp_path / "d" / "runs" / "bn8-shapes" / "run.json").read_text())
    assert record["metrics"]["test_accuracy"] > 0.95
