"""Runtimes that compute something else than the files say, as data.

Each is patched into the engines of `verify`, as the runtime itself would do it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from torch import Tensor, nn

from cifarx.verify.engines import toolbox_job
from cifarx.verify.engines.engine import Outputs
from cifarx.verify.engines.onnx_runtime import OnnxRuntime
from cifarx.verify.engines.pytorch import PyTorch
from cifarx.verify.engines.toolbox_path import toolbox_path


@dataclass(frozen=True)
class EngineFault:
    """One way in which a runtime goes wrong."""

    patch: Callable[[pytest.MonkeyPatch, Path], object]
    """Given a folder of its own."""
    layer: str | None
    engine: str = "onnxruntime"
    """The one that is wrong."""
    said: str = ""
    exit_code: int = 1


def rounded(x: Tensor, bits: int = 10) -> Tensor:
    """To so many bits after the leading one, as TF32 has 10."""
    unit = 2 ** (23 - bits)
    integers = x.contiguous().view(torch.int32)
    return ((integers + unit // 2) & -unit).view(torch.float32)


Forward = Callable[[PyTorch, Tensor], Tensor]


def _forward(change: Callable[[nn.Module], Callable[[], object]], only: str = "") -> Any:
    """PyTorch, its module changed while it computes; `change` gives what undoes it."""

    def patch(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        real: Forward = PyTorch._forward

        def forward(self: PyTorch, part: Tensor) -> Tensor:
            if only and only not in self._runtime:
                return real(self, part)
            undo = change(self._module)
            try:
                return real(self, part)
            finally:
                undo()

        monkeypatch.setattr(PyTorch, "_forward", forward)

    return patch


def _training(kind: type[nn.Module]) -> Callable[[nn.Module], Callable[[], object]]:
    def change(module: nn.Module) -> Callable[[], object]:
        state = {name: value.clone() for name, value in module.state_dict().items()}
        for part in module.modules():
            if isinstance(part, kind):
                part.train()

        def undo() -> None:
            module.eval()
            module.load_state_dict(state)  # batch norm in training changes its statistics

        return undo

    return change


def _tf32(module: nn.Module) -> Callable[[], object]:
    parts = [part for part in module.modules() if isinstance(part, nn.Conv2d)]
    hooks = [
        part.register_forward_pre_hook(lambda _, given: (rounded(given[0]),)) for part in parts
    ]
    return lambda: [hook.remove() for hook in hooks]


def _other_weight(module: nn.Module) -> Callable[[], object]:
    part = module.get_submodule("conv2")
    assert isinstance(part, nn.Conv2d)
    old = part.weight.detach().clone()
    part.weight.data[0, 0, 0, 0] += 0.01

    def undo() -> None:
        part.weight.data = old

    return undo


def _session(change: Callable[[onnx.ModelProto], object]) -> Any:
    """ONNX Runtime over another model than the file's."""

    def patch(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        real = OnnxRuntime._opened

        def opened(self: OnnxRuntime, model: str | bytes) -> Any:
            loaded = onnx.load(model) if isinstance(model, str) else onnx.load_from_string(model)
            change(loaded)
            return real(self, loaded.SerializeToString())

        monkeypatch.setattr(OnnxRuntime, "_opened", opened)

    return patch


def in_precision(model: onnx.ModelProto, number: int) -> None:
    """Every node's inputs and output rounded to another type, arithmetic and files as they were."""
    nodes = []
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            if name and node.op_type in ("Conv", "Gemm"):
                small, again = f"{node.name}_{i}_small", f"{node.name}_{i}_again"
                nodes.append(helper.make_node("Cast", [name], [small], to=number))
                to = onnx.TensorProto.FLOAT
                nodes.append(helper.make_node("Cast", [small], [again], to=to))
                node.input[i] = again
        nodes.append(node)
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)


def _answers(change: Callable[[np.ndarray], np.ndarray], kind: type[Any] = OnnxRuntime) -> Any:
    """An engine whose logits are changed."""

    def patch(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        real = kind.run

        def run(self: Any, images: np.ndarray, inputs: np.ndarray) -> Outputs:
            found: Outputs = real(self, images, inputs)
            return replace(found, values=(change(found.logits.copy()),))

        monkeypatch.setattr(kind, "run", run)

    return patch


def _one_nan(logits: np.ndarray) -> np.ndarray:
    logits[-1, 3] = np.nan
    return logits


def _crash(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    class Session:
        def get_inputs(self) -> list[Any]:
            raise RuntimeError("bad allocation")

    monkeypatch.setattr(OnnxRuntime, "_opened", lambda self, model: Session())


def _silent_layers(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    real = OnnxRuntime.layers

    def layers(self: OnnxRuntime, graph: Any, inputs: np.ndarray, take: Any) -> np.ndarray:
        return real(self, graph, inputs, lambda part, activations: take(part, {}))

    monkeypatch.setattr(OnnxRuntime, "layers", layers)


ENGINE_FAULTS: dict[str, EngineFault] = {
    "batch norm in training mode": EngineFault(
        _forward(_training(nn.BatchNorm2d)), "norm1", "pytorch", "FAILED | reference"
    ),
    "batch norm in training mode in one of two": EngineFault(
        _forward(_training(nn.BatchNorm2d), "channels-last"), "norm1", "pytorch-channels-last"
    ),
    "live dropout": EngineFault(_forward(_training(nn.Dropout)), "drop3", "pytorch"),
    "TensorFloat-32": EngineFault(
        _forward(_tf32, "channels-last"), "conv1", "pytorch-channels-last"
    ),
    "a weight changed in memory": EngineFault(
        _forward(_other_weight, "channels-last"), "conv2", "pytorch-channels-last"
    ),
    "half precision": EngineFault(
        _session(lambda m: in_precision(m, onnx.TensorProto.FLOAT16)), "conv1"
    ),
    "bfloat16": EngineFault(
        _session(lambda m: in_precision(m, onnx.TensorProto.BFLOAT16)), "conv1"
    ),
    "images in reverse": EngineFault(_answers(lambda y: y[::-1]), None),
    "classes in another order": EngineFault(_answers(lambda y: y[:, ::-1]), None),
    "zeros": EngineFault(_answers(np.zeros_like), None),
    "one answer that is no number": EngineFault(_answers(_one_nan), None, said="not finite"),
    "an answer missing": EngineFault(_answers(lambda y: y[:-1]), None, said="expected shape"),
    "probabilities": EngineFault(
        _answers(lambda y: np.exp(y) / np.exp(y).sum(1, keepdims=True)), None
    ),
    "no layer shown": EngineFault(_silent_layers, None, said="no layer compared"),
    "a crash": EngineFault(_crash, None, said="FAILED | onnxruntime | it ", exit_code=2),
}


def _toolbox(name: str, old: str, new: str) -> Any:
    """The toolbox with one of its files edited."""

    def patch(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        copy = folder / "toolbox"
        shutil.copytree(toolbox_path(), copy)
        file = copy / "+cifarx" / name
        text = file.read_text("utf-8")
        assert text.count(old) == 1, (name, old)
        file.write_text(text.replace(old, new), "utf-8")
        monkeypatch.setattr(toolbox_job, "toolbox_path", lambda: copy)

    return patch


TOOLBOX_FAULTS: dict[str, EngineFault] = {
    "pads of top and left exchanged with those of bottom and right": EngineFault(
        _toolbox(
            "+layer/convolution2d.m",
            "stride, padding, dilation, 1)",
            "stride, padding + [1 -1 1 -1], dilation, 1)",
        ),
        "conv1",
        "octave",
    ),
    "kernels turned": EngineFault(
        _toolbox(
            "+layer/convolution2d.m",
            "convolve(X, weights,",
            "convolve(X, permute(weights, [2 1 3 4]),",
        ),
        "conv1",
        "octave",
    ),
    "batch norm without epsilon": EngineFault(
        _toolbox("+layer/batchNormalization.m", " + single(epsilon)", ""), "norm1", "octave"
    ),
    "features in rows": EngineFault(
        _toolbox("+layer/flatten.m", "reshape(X,", "reshape(permute(X, [2 1 3 4]),"),
        "flatten",
        "octave",
    ),
    "live dropout": EngineFault(
        _toolbox("+layer/dropout.m", "Y = X;", "Y = X .* (rand(size(X)) > 0.2) / 0.8;"),
        "drop3",
        "octave",
    ),
    "images normalised otherwise": EngineFault(
        _toolbox(
            "+internal/normalize.m",
            "(single(images) - single(input.Mean)) ./ single(input.StandardDeviation)",
            "(single(images) - single(input.Mean)) .* (1 ./ single(input.StandardDeviation))",
        ),
        None,
        "octave",
        "normalises the images differently from python",
    ),
}
