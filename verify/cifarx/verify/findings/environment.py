"""What was verified, with what, when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    """The files and the machine."""

    files: Mapping[str, str]
    """SHA-256 by name."""
    onnx_is_the_one_exported: bool | None
    """Whether model.onnx has the digest that model.mat names; None without a model.mat."""
    run: str | None
    """Name of the run's folder."""
    checkpoint_sha256: str | None
    """Of the run's weights."""
    test_images_sha256: str | None
    """Of the pixels of the run's test images when it was trained; they are not all read again."""
    options: Mapping[str, str]
    """What the user asked for, by the command's names."""
    versions: Mapping[str, str]
    machine: str
    created: str
    """UTC, ISO 8601: all in a report that differs when the same check is made again."""
