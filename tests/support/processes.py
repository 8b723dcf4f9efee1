"""Commands in processes of their own: several at once, and one that is stopped at a known place."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def stopped(code: str, arguments: tuple[str, ...], folder: Path) -> tuple[int, str, str]:
    """Run Python code in a folder and press Ctrl-C once it has made a file called `here` there.

    Returns:
        Exit code, stdout, stderr.
    """
    # a shell that starts a command in the background has it ignore the signal
    whole = f"import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n{code}"
    process = subprocess.Popen(
        [sys.executable, "-c", whole, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 120
    while not (folder / "here").exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err
