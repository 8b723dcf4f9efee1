from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_both_loops_train_and_are_reported(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/training.py", "--network", "lenet-tiny"]
    command += ["--limit", "60", "--epochs", "1", "--device", "cpu", "--json", tmp_path / "b.json"]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads((tmp_path / "b.json").read_text())["results"]
    assert found["images"] == 60
    assert found["ratio"] == found["seconds"]["write_up"] / found["seconds"]["cifarx"]
    assert all(0 < loss < math.log(10) + 0.5 for loss in found["losses"].values())
    assert "ratio" in done.stdout
