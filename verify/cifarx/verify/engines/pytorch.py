"""Run the module of the checkpoint in PyTorch, float32: eager, channels-last, or on a GPU."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cifarx.export.from_torch.answers import logits_float64
from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.compute import compute_layer, layer_tensors
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Layer
from cifarx.pytorch_models.errors import EngineMissingError
from cifarx.pytorch_models.run import build_module
from cifarx.verify.engines.engine import Engine, Outputs, Take, batch_size, layer_batch_size
from cifarx.verify.subject.files_and_run import Subject

_AT_ONCE = 64
_SUMS = ("Convolution2DLayer", "GroupedConvolution2DLayer", "FullyConnectedLayer")


class PyTorch:
    """The module of the run, with the weights of its checkpoint."""

    holds: Literal["run"] = "run"
    library: Literal["pytorch"] = "pytorch"

    def __init__(self, subject: Subject, channels_last: bool = False, cuda: bool = False) -> None:
        if subject.run is None:
            raise EngineMissingError(
                "the run with the checkpoint is not here (--checkpoint RUN names it)"
            )
        if cuda and not torch.cuda.is_available():
            raise EngineMissingError("PyTorch finds no GPU with CUDA")
        # cuDNN and NNPACK may use Winograd's algorithm; oneDNN on x86 sums directly
        self.fast = cuda or not _has_onednn()
        self._module = build_module(subject.run).to("cuda" if cuda else "cpu")
        if channels_last:
            self._module = self._module.to(memory_format=torch.channels_last)
        self._channels_last, self._cuda = channels_last, cuda
        self._input_size = subject.run.record.input_size
        self._last: tuple[NDArray[np.float32], Outputs] | None = None
        place = ", CUDA" if cuda else ""
        self._runtime = f"pytorch {torch.__version__}{place}"
        self._runtime += ", channels-last" if channels_last else ""

    def run(self, images: NDArray[np.uint8], inputs: NDArray[np.float32]) -> Outputs:
        """See `Engine.run`."""
        if self._last is None or self._last[0] is not inputs:  # the truth needs the same outputs
            parts = [
                self._forward(part).cpu() for part in _parts(inputs, batch_size(_AT_ONCE, inputs))
            ]
            self._last = inputs, Outputs(self._runtime, torch.cat(parts).numpy(), None)
        return self._last[1]

    def layers(
        self, graph: LayerGraph, inputs: NDArray[np.float32], take: Take
    ) -> NDArray[np.float32]:
        """See `Engine.layers`; hooks record the outputs of the modules.

        The output of a layer without a module of its own (torch.flatten, x + y) is what the next
        module received, else it is computed with PyTorch's function from the outputs before it.
        """
        logits = []
        for part in _parts(inputs, layer_batch_size(_AT_ONCE, graph)):
            calls, hooks = _recorded(self._module)
            try:
                logits.append(self._forward(part).cpu().numpy())
            finally:
                for hook in hooks:
                    hook.remove()
            take(part.numpy(), _activations(graph, calls, self._placed(part)))
        return np.concatenate(logits)

    def graph(self) -> LayerGraph:
        """Return the module's layers as an export writes them."""
        return graph_from_module(self._module, self._input_size)

    def truth(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the logits of the module in float64, (N, K), for inputs (N, C, H, W)."""
        return logits_float64(self._module, inputs)

    def _placed(self, part: Tensor) -> Tensor:
        x = part.to("cuda") if self._cuda else part
        return x.contiguous(memory_format=torch.channels_last) if self._channels_last else x

    def _forward(self, part: Tensor) -> Tensor:
        tf32 = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
        try:  # TF32 is not float32 arithmetic
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
            with torch.no_grad():
                logits: Tensor = self._module(self._placed(part))
            return logits
        finally:
            torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = tf32


def _has_onednn() -> bool:
    mkldnn: Any = torch.backends.mkldnn
    return bool(mkldnn.is_available() and mkldnn.enabled)


def _parts(inputs: NDArray[np.float32], size: int) -> tuple[Tensor, ...]:
    return torch.split(torch.from_numpy(inputs), size)


@dataclass
class _Call:
    """What a module got, and what it gave."""

    given: tuple[Tensor, ...]
    output: Tensor | None = None


_Calls = dict[str, list[_Call]]
"""Of each module without parts of its own, by its path, in order."""


def _recorded(module: nn.Module) -> tuple[_Calls, list[Any]]:
    """Calls that are recorded while the module computes, and the hooks that do it."""
    calls: _Calls = defaultdict(list)

    def before(path: str) -> Callable[..., None]:  # a module may change its input in place
        return lambda part, given: calls[path].append(
            _Call(tuple(x.detach().clone() for x in given if isinstance(x, Tensor)))
        )

    def after(path: str) -> Callable[..., None]:
        def keep(part: nn.Module, given: Any, output: Any) -> None:
            calls[path][-1].output = output.detach().clone()

        return keep

    leaves = [(path, part) for path, part in module.named_modules() if _is_leaf(part)]
    hooks: list[Any] = [part.register_forward_pre_hook(before(path)) for path, part in leaves]
    return calls, hooks + [part.register_forward_hook(after(path)) for path, part in leaves]


def _is_leaf(part: nn.Module) -> bool:
    """Whether it has no parts; those that compute its weights, as weight_norm does, are none."""
    return all(name == "parametrizations" for name, _ in part.named_children())


def _live(graph: LayerGraph, calls: _Calls) -> dict[str, Tensor]:
    """Outputs of layers that modules gave or got.

    A layer gives what its module gives, where layers and a module's calls correspond one to one. A
    layer that is a function of such layers gives what the module behind it gets. Where PyTorch
    computes several layers as one function (hardswish is four), none of them is live, and behind
    them only a sum is: what rounding them together changed is within the bound of a sum.
    """
    layers_of: dict[str, list[Layer]] = defaultdict(list)
    for layer in graph.layers:
        layers_of[layer.module].append(layer)
    calls_of = {
        layer.name: call
        for path, layers in layers_of.items()
        if len(calls.get(path, ())) == len(layers)
        for layer, call in zip(layers, calls[path], strict=True)
    }
    shapes = graph.shapes()
    live: dict[str, Tensor] = {}
    for layer in graph.layers:
        known = all(name in live or name == graph.input_name for name in layer.inputs)
        call, shape = calls_of.get(layer.name), shapes[layer.name]
        given = call.output if call and (known or layer.kind in _SUMS) else None
        if given is None and known:
            given = _got(layer, graph, calls_of)
        if given is not None and given.shape[1:] == shape:  # else a part of what the module does
            live[layer.name] = given
    return live


def _got(layer: Layer, graph: LayerGraph, calls_of: Mapping[str, _Call]) -> Tensor | None:
    """What a module behind the layer gets of it."""
    behind = (x.name for x in graph.layers if x.inputs == (layer.name,) and x.name in calls_of)
    return next((calls_of[x].given[0] for x in behind if len(calls_of[x].given) == 1), None)


def _activations(
    graph: LayerGraph, calls: _Calls, inputs: Tensor
) -> dict[str, NDArray[np.float32]]:
    """Every layer's output, computed by PyTorch's function of it where no module shows it."""
    live = _live(graph, calls)
    values = {graph.input_name: inputs}
    for layer in graph.layers:
        given = [values[name] for name in layer.inputs]
        if layer.name in live:
            values[layer.name] = live[layer.name]
            continue
        arrays = layer_tensors(layer, given[0].dtype)
        here = {key: array.to(given[0].device) for key, array in arrays.items()}
        values[layer.name] = compute_layer(layer, given, here)
    return {layer.name: values[layer.name].cpu().contiguous().numpy() for layer in graph.layers}


def open_pytorch(subject: Subject) -> Engine:
    """Open the engine.

    Raises:
        EngineMissingError: the run is missing.
    """
    return PyTorch(subject)


def open_channels_last(subject: Subject) -> Engine:
    """Open the engine with the channels-last memory format; raises as `open_pytorch` does."""
    return PyTorch(subject, channels_last=True)


def open_cuda(subject: Subject) -> Engine:
    """Open the engine on a GPU without TF32; also raises `EngineMissingError` without a GPU."""
    return PyTorch(subject, cuda=True)
