"""Time `cifarx verify --judge report.json` against `cifarx --help`, side by side in one run.

    python benchmarks/judge.py [REPORT]

Both are fresh processes; the figures are medians of five, after one of each that is not counted.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 5
SAVED = Path(__file__).resolve().parents[1] / "tests" / "data" / "reports" / "sound.json"


def seconds(*arguments: str) -> float:
    """Wall-clock time of one command."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "cifarx.cli", *arguments], capture_output=True, check=True
    )
    return time.perf_counter() - start


def main(report: str) -> None:
    """Print both medians and their ratio."""
    commands = {"--help": ("--help",), "--judge": ("verify", "--judge", report)}
    measured: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(RUNS + 1):
        for name, arguments in commands.items():
            took = seconds(*arguments)
            if run:
                measured[name].append(took)
    help_, judge = (statistics.median(measured[name]) for name in commands)
    print(f"cifarx --help {help_:.2f} s, cifarx verify --judge {judge:.2f} s: {judge / help_:.2f}x")


if __name__ == "__main__":
    main(*sys.argv[1:] or (str(SAVED),))
