"""Activation functions as each runtime at hand computes them; `activations.py` measures them.

PyTorch gets long arrays, rows of 1 to 15 numbers, which its kernels compute one at a time, and
channels-last maps. ONNX Runtime gets the file that cifarx writes for the layer, in opset 14 and in
the newest, optimised or not, alone and behind a convolution that it may be fused with. Octave calls
the functions of `cifarx.layer`.
"""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer
from cifarx.export.network.model_card import ModelCard
from cifarx.export.to_onnx.writer import onnx_from_graph

SHAPE = (1, 16, 64, 64)
TOOLBOX = Path(__file__).parents[1] / "matlab" / "toolbox"
ALPHAS = np.linspace(-0.5, 1.5, SHAPE[1], dtype=np.float32)
SELU = 1.6732632423543772
CARD = ModelCard("activation", "", (), (), (), "")

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Kind:
    """A function of one number, as each runtime has it."""

    truth: Function
    """Of float64."""
    torch: Function
    octave: str
    """Of the column X."""
    span: Callable[[Tensor], Tensor]
    layers: tuple[Layer, ...] = ()
    """As cifarx writes it; the first one reads "x"."""
    operator: str = ""
    """Of ONNX, where cifarx has no layer of it."""


def _layer(kind: str, **hyper: float | str) -> tuple[Layer, ...]:
    return (Layer("y", kind, ("x",), hyper),)


def _one(x: Tensor) -> Tensor:
    return torch.ones_like(x)


def _elu(alpha: float) -> Kind:
    return Kind(
        lambda x: torch.where(x > 0, x, alpha * torch.expm1(x.clamp(max=0))),
        lambda x: F.elu(x, alpha),
        f"cifarx.layer.eLU(X, {alpha!r})",
        lambda x: torch.full_like(x, alpha),
        _layer("ELULayer", Alpha=alpha),
    )


def _function(name: str, function: Function) -> Kind:
    return Kind(
        function,
        function,
        f"cifarx.layer.elementwise(X, '{name}')",
        _one,
        _layer("ElementwiseLayer", Function=name),
    )


def _power(exponent: float) -> Kind:
    single = np.array([exponent], np.float32)
    return Kind(
        lambda x: x ** float(single[0]),
        lambda x: x ** float(single[0]),
        f"cifarx.layer.power(X, single({exponent!r}))",
        _one,
        (Layer("y", "PowerLayer", ("x",), {}, {"Exponent": Array(single, "")}),),
    )


def _gelu_tanh(x: Tensor) -> Tensor:
    """1 + tanh(a) is 2 / (1 + exp(-2 a)), which does not cancel."""
    return x * torch.sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


def _per_channel(x: Tensor) -> Tensor:
    return torch.from_numpy(ALPHAS).to(x.dtype).view(1, -1, 1, 1)


_SIXTH = np.float32(1 / 6)
_HARD = (
    Layer(
        "sixth",
        "ScalingLayer",
        ("x",),
        {},
        {"Scale": Array(np.array([_SIXTH]), ""), "Offset": Array(np.array([0.5], np.float32), "")},
    ),
    Layer("y", "ClippedReLULayer", ("sixth",), {"Ceiling": 1.0}),
)
_HARD_OCTAVE = "cifarx.layer.clippedReLU(single(1/6) * X + single(0.5), 1)"

KINDS = {
    "sigmoid": Kind(
        torch.sigmoid, torch.sigmoid, "cifarx.layer.sigmoid(X)", _one, _layer("SigmoidLayer")
    ),
    "tanh": Kind(torch.tanh, torch.tanh, "cifarx.layer.tanh(X)", _one, _layer("TanhLayer")),
    "ELU": _elu(1.0),
    "ELU, alpha of SELU": _elu(SELU),
    "ELU, alpha 0.1": _elu(0.1),
    "swish": Kind(
        lambda x: x * torch.sigmoid(x),
        F.silu,
        "cifarx.layer.swish(X)",
        torch.abs,
        _layer("SwishLayer"),
    ),
    "GELU": Kind(
        lambda x: 0.5 * x * torch.special.erfc(-x / math.sqrt(2)),
        F.gelu,
        "cifarx.layer.gELU(X, 'none')",
        torch.abs,
        _layer("GELULayer", Approximation="none"),
    ),
    "GELU, tanh form": Kind(
        _gelu_tanh,
        lambda x: F.gelu(x, approximate="tanh"),
        "cifarx.layer.gELU(X, 'tanh')",
        torch.abs,
        _layer("GELULayer", Approximation="tanh"),
    ),
    "erf": Kind(torch.erf, torch.erf, "erf(X)", _one, operator="Erf"),
    "exp": _function("exp", torch.exp),
    "log": _function("log", torch.log),
    "sqrt": _function("sqrt", torch.sqrt),
    "reciprocal": _function("reciprocal", torch.reciprocal),
    "sin": _function("sin", torch.sin),
    "cos": _function("cos", torch.cos),
    "softplus": Kind(
        lambda x: x.clamp(min=0) + torch.log1p(torch.exp(-x.abs())),
        F.softplus,
        "cifarx.layer.elementwise(X, 'softplus')",
        _one,
        _layer("ElementwiseLayer", Function="softplus"),
    ),
    "power 1.5": _power(1.5),
    "power 2.9137": _power(2.9137),
    "power -0.75": _power(-0.75),
    "leaky ReLU": Kind(
        lambda x: F.leaky_relu(x, 0.01),
        lambda x: F.leaky_relu(x, 0.01),
        "cifarx.layer.leakyReLU(X, 0.01)",
        torch.abs,
        _layer("LeakyReLULayer", Scale=0.01),
    ),
    "PReLU": Kind(
        lambda x: torch.where(x > 0, x, _per_channel(x) * x),
        lambda x: torch.where(x > 0, x, _per_channel(x) * x) if x.ndim < 4 else _prelu(x),
        f"cifarx.layer.pReLU(reshape(X, [], 1, {SHAPE[1]}), alphas)",
        torch.abs,
        (Layer("y", "PReLULayer", ("x",), {}, {"Alpha": Array(ALPHAS, "")}),),
    ),
    "clipped ReLU": Kind(
        lambda x: x.clamp(0, 6),
        F.relu6,
        "cifarx.layer.clippedReLU(X, 6)",
        _one,
        _layer("ClippedReLULayer", Ceiling=6.0),
    ),
    "hard sigmoid": Kind(
        lambda x: (x / 6 + 0.5).clamp(0, 1), F.hardsigmoid, _HARD_OCTAVE, _one, _HARD
    ),
    "hard swish": Kind(
        lambda x: x * (x / 6 + 0.5).clamp(0, 1),
        F.hardswish,
        f"X .* {_HARD_OCTAVE}",
        torch.abs,
        (
            _HARD[0],
            Layer("gate", "ClippedReLULayer", ("sixth",), {"Ceiling": 1.0}),
            Layer("y", "MultiplicationLayer", ("x", "gate")),
        ),
    ),
}


def _prelu(x: Tensor) -> Tensor:
    return F.prelu(x, torch.from_numpy(ALPHAS))


def onnx_bytes(kind: Kind, opset: int, convolved: bool) -> bytes:
    """The file that cifarx writes for the layer; a convolution before it gives what it gets."""
    if kind.operator:
        ends = [
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, SHAPE) for name in "xy"
        ]
        nodes = [onnx.helper.make_node(kind.operator, ["x"], ["y"])]
        graph = onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:])
        opsets = [onnx.helper.make_opsetid("", opset)]
        return bytes(
            onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
        )
    layers, source = kind.layers, "x"
    if convolved:
        kernels = np.eye(SHAPE[1], dtype=np.float32)[:, :, None, None]
        arrays = {"Weights": Array(kernels, ""), "Bias": Array(kernels[0, :, 0, 0] * 0, "")}
        options = {"Stride": (1, 1), "Padding": (0, 0, 0, 0), "DilationFactor": (1, 1)}
        conv = Layer("x", "Convolution2DLayer", ("image",), options, arrays)
        layers, source = (conv, *layers), "image"
    graph = LayerGraph((Input(source, SHAPE[1:]),), layers, (Output("y"),))
    return b"".join(onnx_from_graph(graph, CARD, opset).chunks())


def onnx_runtime(kind: Kind, opset: int, optimized: bool, convolved: bool) -> Function:
    """A session on one thread."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        onnx_bytes(kind, opset, convolved), options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    return lambda x: torch.from_numpy(session.run(None, {name: x.numpy()})[0])


def newest_opset() -> int:
    """The newest that both onnx and ONNX Runtime know."""
    for opset in range(onnx.defs.onnx_opset_version(), 13, -1):
        try:
            onnx_runtime(KINDS["tanh"], opset, True, False)
        except Exception:  # its exception classes are private to its extension
            continue
        return opset
    raise RuntimeError("ONNX Runtime takes no file")


def torch_runtimes(kind: Kind) -> dict[str, Function]:
    """On one array, on rows too short for vectors, and on channels-last maps."""

    def rows(x: Tensor) -> Tensor:
        """Rows of 1 to 15 numbers in turn, each row apart from the next in memory."""
        flat, parts, start, length = x.flatten(), [], 0, 0
        while start < len(flat):
            length = length % 15 + 1
            count = min(length * 1170, len(flat) - start) // length or 1
            length = min(length, len(flat) - start)
            apart = flat.new_zeros(count, length + 1)
            apart[:, :length] = flat[start : start + count * length].view(count, length)
            parts.append(kind.torch(apart[:, :length]).flatten())
            start += count * length
        return torch.cat(parts).view(x.shape)

    found: dict[str, Function] = {
        "torch": kind.torch,
        "torch, channels-last": lambda x: kind.torch(
            x.contiguous(memory_format=torch.channels_last)
        ).contiguous(),
    }
    if kind is not KINDS["PReLU"]:
        found["torch, short rows"] = rows
    return found


def onnx_runtimes(kind: Kind) -> dict[str, Function]:
    """In opset 14 and the newest, optimised or not, and behind a convolution."""
    newest = newest_opset()
    found = {}
    for opset in (14, newest):
        found[f"ORT, opset {opset}, as written"] = onnx_runtime(kind, opset, False, False)
        found[f"ORT, opset {opset}, optimised"] = onnx_runtime(kind, opset, True, False)
        if not kind.operator:
            found[f"ORT, opset {opset}, behind Conv"] = onnx_runtime(kind, opset, True, True)
    return found


def octave_runtime(kind: Kind, folder: Path) -> Function:
    """A process that reads numbers from one file and writes to another, once for each byte sent."""
    code = f"""
    addpath('{TOOLBOX}');
    alphas = reshape(single(linspace(-0.5, 1.5, {SHAPE[1]})), 1, 1, []);
    while numel(fread(stdin, 1)) == 1
      f = fopen('{folder}/x'); X = fread(f, Inf, 'single=>single'); fclose(f);
      Y = {kind.octave};
      f = fopen('{folder}/y', 'w'); fwrite(f, Y, 'single'); fclose(f);
      printf('.\\n'); fflush(stdout);
    end"""
    command = [shutil.which("octave-cli") or "octave", "--no-gui", "--norc", "--quiet"]
    process = subprocess.Popen(
        [*command, "--eval", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def run(x: Tensor) -> Tensor:
        assert process.stdin
        assert process.stdout
        x.numpy().tofile(folder / "x")
        process.stdin.write("\n")
        process.stdin.flush()
        if process.stdout.readline() != ".\n":
            raise RuntimeError(f"Octave cannot compute {kind.octave}")
        return torch.from_numpy(np.fromfile(folder / "y", np.float32)).view(x.shape)

    return run


def runtimes_of(kind: Kind, pick: str, folder: Path) -> dict[str, Function]:
    """Those with `pick` in their name; Octave's files are in `folder`."""
    found = torch_runtimes(kind) if pick.startswith("torch") or not pick else {}
    found |= onnx_runtimes(kind) if pick.startswith("ORT") or not pick else {}
    if pick in "Octave" and shutil.which("octave-cli"):
        found["Octave"] = octave_runtime(kind, folder)
    return {name: function for name, function in found.items() if pick in name}
