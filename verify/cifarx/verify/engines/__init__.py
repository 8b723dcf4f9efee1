"""One adapter a runtime."""

from collections.abc import Callable

from cifarx.verify.engines import onnx_runtime, pytorch
from cifarx.verify.engines.engine import Engine
from cifarx.verify.engines.matlab import open_matlab
from cifarx.verify.engines.octave import open_octave
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
"""By the name that --engines takes, in the order in which they are reported."""
