"""`cifarx demo`: the three commands, typed for the user, on embedded data."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from pathlib import Path

from cifarx.pytorch_models.errors import UserError

COMMANDS = (
    "cifarx train bn8 --data shapes --limit 1500",
    "cifarx export --onnx --mat",
    "cifarx verify model.onnx",
)


def run_demo(folder: Path) -> int:
    """Run the commands in `folder`, saying what each does; the exit code is the last one's.

    Raises:
        UserError: the folder holds something already.
    """
    if folder.is_file() or (folder.exists() and any(folder.iterdir())):
        raise UserError(
            f"The demo needs a new folder, but {folder} is not empty. Remove it, or name another "
            "with --out."
        )
    folder.mkdir(parents=True, exist_ok=True)
    print(f"The demo works in {folder.resolve()}.")
    for command in COMMANDS:
        start = time.perf_counter()
        print(f"\n$ {command}", flush=True)
        arguments = [sys.executable, "-m", "cifarx.cli", *shlex.split(command)[1:]]
        code = subprocess.run(arguments, cwd=folder).returncode
        print(f"({time.perf_counter() - start:.0f} s)", flush=True)
        if code:
            print(f"\nThe demo ends here: '{command}' exited with code {code}.")
            return code
    print(f"\nMade in {folder}: {', '.join(_made(folder))}")
    print(json.loads((folder / "report.json").read_text("utf-8"))["lines"][-1])
    return 0


def _made(folder: Path) -> list[str]:
    wanted = ("runs/*/*", "model.*", "report.*")
    return [str(p.relative_to(folder)) for pattern in wanted for p in sorted(folder.glob(pattern))]
