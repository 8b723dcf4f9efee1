"""What was verified, with what, when."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from cifarx.verify.subject import Subject

_PACKAGES = ("cifarx", "numpy", "scipy", "onnx", "torch", "onnxruntime")


@dataclass(frozen=True)
class Environment:
    """The files and the machine."""

    files: Mapping[str, str]
    """SHA-256 by name."""
    onnx_is_the_one_exported: bool | None
    """Whether model.onnx has the digest that model.mat names; None without a model.mat."""
    run: str | None
    """Name of the run's folder."""
    versions: Mapping[str, str]
    machine: str
    created: str
    """UTC, ISO 8601: all in a report that differs when the same check is made again."""


def environment_of(subject: Subject) -> Environment:
    """Everything that a reader needs to make the same check again."""
    return Environment(
        dict(subject.sha256),
        _is_the_one_exported(subject),
        subject.run.folder.name if subject.run else None,
        {"python": platform.python_version(), **dict(_versions())},
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        datetime.now(UTC).isoformat(timespec="seconds"),
    )


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
