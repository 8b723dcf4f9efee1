"""Register the engines by name, and choose those that a check opens."""

from __future__ import annotations

from collections.abc import Callable

from cifarx.pytorch_models.errors import EngineError, UserError, nearest
from cifarx.verify.engines import onnx_runtime, pytorch
from cifarx.verify.engines.engine import Engine
from cifarx.verify.engines.matlab import open_matlab
from cifarx.verify.engines.octave import open_octave
from cifarx.verify.findings.engine import MATLAB_RESULT
from cifarx.verify.subject.files_and_run import Subject

ENGINES: dict[str, Callable[[Subject], Engine]] = {
    "pytorch": pytorch.open_pytorch,
    "pytorch-channels-last": pytorch.open_channels_last,
    "pytorch-cuda": pytorch.open_cuda,
    "onnxruntime": onnx_runtime.open_onnx_runtime,
    "onnxruntime-unoptimized": onnx_runtime.open_unoptimized,
    "onnxruntime-cuda": onnx_runtime.open_cuda,
    "octave": open_octave,
    "matlab": open_matlab,
}
"""Functions that open an engine, by its name in --engines, in the order of the report."""


def engine_names(asked: tuple[str, ...] | None) -> list[str]:
    """Return the engines to open: those asked for, in the order of the report, or all.

    >>> engine_names(("octave", "pytorch"))
    ['pytorch', 'octave']

    Raises:
        UserError: an unknown name.
    """
    allowed = (*ENGINES, MATLAB_RESULT)
    unknown = [name for name in asked or () if name not in allowed]
    if unknown:
        raise UserError(
            f"--engines {unknown[0]!r} is not an engine. {nearest(unknown[0], allowed)}"
            f"Allowed, separated by commas: {', '.join(allowed)}."
        )
    return [name for name in ENGINES if asked is None or name in asked]


def unusable(name: str, error: EngineError) -> UserError:
    """Return the error for an engine that was asked for but is not available."""
    return UserError(
        f"--engines names {name}, which cannot be used: {error}. Provide it, or leave --engines "
        "out to compare with the available engines."
    )
