"""One adapter a runtime."""

from collections.abc import Callable

from cifarx.verify.engines.engine import Engine
from cifarx.verify.engines.matlab import open_matlab
from cifarx.verify.engines.octave import open_octave
from cifarx.verify.engines.onnx_runtime import open_onnx_runtime
from cifarx.verify.engines.pytorch import open_pytorch
from cifarx.verify.subject import Subject

ENGINES: dict[str, Callable[[Subject], Engine]] = {
    "pytorch": open_pytorch,
    "onnxruntime": open_onnx_runtime,
    "octave": open_octave,
    "matlab": open_matlab,
}
"""By the name that --engines takes, in the order in which they are reported."""
