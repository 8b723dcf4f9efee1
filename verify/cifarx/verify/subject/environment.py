"""Record the files, versions and machine of a check."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cifarx.verify.findings.environment import Environment
from cifarx.verify.subject.files_and_run import Subject

_PACKAGES = ("cifarx", "numpy", "scipy", "onnx", "torch", "onnxruntime")


def environment_of(subject: Subject, asked: Mapping[str, str]) -> Environment:
    """Return everything that a reader needs to repeat the check.

    Args:
        subject: what was verified.
        asked: the options that decide what is compared, by their names.
    """
    run = subject.run
    return Environment(
        files=dict(subject.sha256),
        onnx_is_the_one_exported=_is_the_one_exported(subject),
        run=run.folder.name if run else None,
        checkpoint_sha256=run.record.weights_sha256 if run else None,
        test_images_sha256=run.record.data.test_sha256 or None if run else None,
        options=dict(asked),
        versions={"python": platform.python_version(), **dict(_versions())},
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{_processor()}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _processor() -> str:
    """Return its name if known: results depend on the vector units of a processor."""
    name = platform.processor()
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
        named = (line.partition(":")[2].strip() for line in file if line.startswith("model name"))
        name = next(named, name)
    return f", {name}" if name and name != platform.machine() else ""


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found


def _is_the_one_exported(subject: Subject) -> bool | None:
    if subject.mat is None:
        return None
    return subject.sha256[subject.onnx_path.name] == subject.mat.onnx_sha256
