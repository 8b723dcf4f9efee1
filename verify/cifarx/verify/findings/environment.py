"""The files, versions and machine of a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    """What was checked, with what, and when."""

    files: Mapping[str, str]
    """SHA-256 by file name."""
    onnx_is_the_one_exported: bool | None
    """Whether model.onnx has the digest stored in model.mat; None without a model.mat."""
    run: str | None
    """Name of the run's folder."""
    checkpoint_sha256: str | None
    """SHA-256 of the run's weights."""
    test_images_sha256: str | None
    """SHA-256 of the pixels of the test images at training time; not all are read again."""
    options: Mapping[str, str]
    """The options that the user gave, by their names on the command line."""
    versions: Mapping[str, str]
    machine: str
    created: str
    """UTC, ISO 8601; the only part of a report that changes when the check is repeated."""
