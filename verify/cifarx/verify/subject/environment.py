"""What was verified, with what, when."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cifarx.verify.findings.environment import Environment
from cifarx.verify.options import ALL_IMAGES, Options
from cifarx.verify.subject.files_and_run import Subject

_PACKAGES = ("cifarx", "numpy", "scipy", "onnx", "torch", "onnxruntime")


def environment_of(subject: Subject, options: Options) -> Environment:
    """Everything that a reader needs to make the same check again."""
    run = subject.run
    return Environment(
        dict(subject.sha256),
        _is_the_one_exported(subject),
        run.folder.name if run else None,
        run.record.weights_sha256 if run else None,
        run.record.data.test_sha256 or None if run else None,
        _asked(options),
        {"python": platform.python_version(), **dict(_versions())},
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{_processor()}",
        datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _asked(options: Options) -> dict[str, str]:
    found = {"--images": str(options.images), "--layer-images": str(options.layer_images)}
    if options.engines is not None:
        found["--engines"] = ",".join(options.engines)
    if options.accuracy_images is not None:
        all_of_them = options.accuracy_images >= ALL_IMAGES
        found["--accuracy"] = "all" if all_of_them else str(options.accuracy_images)
    if options.tolerance is not None:
        found["--atol"], found["--rtol"] = (f"{value:g}" for value in options.tolerance)
    return found


def _processor() -> str:
    """Its name, where the system tells: results differ by what vector units there are."""
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
