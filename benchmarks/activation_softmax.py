"""How far each runtime is off in softmax and log-softmax, over random rows.

    python benchmarks/activation_softmax.py [--log]

Rows of 2 to 4096 numbers, normal, times a spread of 1 to 100, as features and as maps (softmax over
the channels of 4 x 4 pixels), by the runtimes of `activation_kinds.py`. Errors against float64 in
units of u = 2^-24: relative to the result, less the smallest normal float32; absolute; and as a
ratio to the bound of cifarx's local layer check.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from activation_kinds import TOOLBOX, newest_opset
from activations import TINY, UNIT
from torch import Tensor

from cifarx.export.network.layer import Layer
from cifarx.verify.ladder.layers.bounds import prepare_truth

SIZES = (2, 10, 100, 1000, 4096)
SPREADS = (1.0, 10.0, 100.0)
NUMBERS = 2**18


@dataclass(frozen=True)
class Kind:
    """One of the two functions."""

    layer: Layer
    operator: str
    torch: Callable[[Tensor, int], Tensor]
    octave: str


SOFTMAX = Kind(Layer("y", "SoftmaxLayer", ("x",)), "Softmax", torch.softmax, "softmax")
LOG = Kind(Layer("y", "LogSoftmaxLayer", ("x",)), "LogSoftmax", torch.log_softmax, "logSoftmax")


def onnx_runtime(kind: Kind, opset: int, optimized: bool) -> Callable[[Tensor], Tensor]:
    """The function over axis 1, as cifarx writes it, for any shape."""
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in "xy"]
    nodes = [onnx.helper.make_node(kind.operator, ["x"], ["y"], axis=1)]
    graph = onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:])
    opsets = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda x: torch.from_numpy(session.run(None, {"x": x.numpy()})[0])


def octave(kind: Kind, x: Tensor) -> Tensor:
    """Arrays in Octave's order are PyTorch's with the axes turned round."""
    turned = x.permute(2, 3, 1, 0) if x.ndim == 4 else x.T
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        turned.numpy().ravel(order="F").tofile(folder / "x")
        code = f"""
        addpath('{TOOLBOX}');
        f = fopen('{folder}/x'); X = fread(f, Inf, 'single=>single'); fclose(f);
        Y = cifarx.layer.{kind.octave}(reshape(X, {list(turned.shape)}));
        f = fopen('{folder}/y', 'w'); fwrite(f, Y, 'single'); fclose(f);"""
        command = ["octave-cli", "--no-gui", "--norc", "--quiet", "--eval", code]
        subprocess.run(command, check=True, capture_output=True)
        found = np.fromfile(folder / "y", np.float32).reshape(tuple(turned.shape), order="F")
    y = torch.from_numpy(found)
    return y.permute(3, 2, 0, 1) if x.ndim == 4 else y.T


def runtimes(kind: Kind) -> dict[str, Callable[[Tensor], Tensor]]:
    """All that are here."""
    found = {
        "torch": lambda x: kind.torch(x, 1),
        "torch, channels-last": lambda x: kind.torch(
            x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x, 1
        ),
        "ORT, opset 14, as written": onnx_runtime(kind, 14, False),
        "ORT, opset 14, optimised": onnx_runtime(kind, 14, True),
        "ORT, newest opset, optimised": onnx_runtime(kind, newest_opset(), True),
    }
    if shutil.which("octave-cli"):
        found["Octave"] = partial(octave, kind)
    return found


def main() -> None:
    """Print a Markdown table: the worst of all sizes, for each spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", action="store_true", help="log-softmax")
    kind = LOG if parser.parse_args().log else SOFTMAX
    torch.manual_seed(0)
    torch.set_num_threads(1)
    print("| runtime | maps | spread | relative (u) | of rows | absolute (u) | ratio | of rows |")
    print("|---|---|---|---|---|---|---|---|")
    for name, function in runtimes(kind).items():
        for maps in (False, True):
            for spread in SPREADS:
                rows = []
                for size in SIZES:
                    shape = (max(1, NUMBERS // size // 16), size, 4, 4)
                    x = spread * torch.randn(shape if maps else (max(1, NUMBERS // size), size))
                    truth, bound = prepare_truth(kind.layer)([x])
                    error = (function(x).double() - truth).abs()
                    excess = (error - TINY).clamp(min=0)
                    relative = float((excess / (UNIT * truth.abs())).nan_to_num(0).max())
                    absolute = float(error.max()) / UNIT
                    rows.append((size, relative, absolute, float((error / bound).max())))
                worst, near = max(rows, key=lambda r: r[1]), max(rows, key=lambda r: r[3])
                most = max(r[2] for r in rows)
                shown = f"{worst[1]:.3g} | {worst[0]} | {most:.3g} | {near[3]:.3g} | {near[0]}"
                print(f"| {name} | {'yes' if maps else 'no'} | {spread:g} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
