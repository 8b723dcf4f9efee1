"""`cifarx demo`: run the three main commands on embedded data."""

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
    """Run the commands in `folder` and print each; stop at the first that fails.

    Returns:
        The exit code of the last command that ran.

    Raises:
        UserError: the folder is not empty.
    """
    if folder.is_file() or (folder.exists() and any(folder.iterdir())):
        raise UserError(
            f"The demo needs a new folder, but {folder} is not empty. Remove it, or choose another "
            "with --out."
        )
    folder.mkdir(parents=True, exist_ok=True)
    print(f"The demo runs in {folder.resolve()}.")
    for command in COMMANDS:
        start = time.perf_counter()
        print(f"\n$ {command}", flush=True)
        arguments = [sys.executable, "-m", "cifarx.cli", *shlex.split(command)[1:]]
        code = subprocess.run(arguments, cwd=folder).returncode
        print(f"({time.perf_counter() - start:.0f} s)", flush=True)
        if code:
            print(f"\nThe demo stops here: '{command}' exited with code {code}.")
            return code
    print(f"\nFiles in {folder}: {', '.join(_files(folder))}")
    print(json.loads((folder / "report.json").read_text("utf-8"))["lines"][-1])
    return 0


def _files(folder: Path) -> list[str]:
    patterns = ("runs/*/*", "model.*", "report.*")
    return [
        str(p.relative_to(folder)) for pattern in patterns for p in sorted(folder.glob(pattern))
    ]
