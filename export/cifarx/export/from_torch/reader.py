"""Read a PyTorch module as a `LayerGraph`, by way of ONNX, with all layers that fine-tuning needs.

`torch.onnx.export` folds batch norm into the convolution before it, drops dropout, and writes a
flatten as a chain of shape arithmetic. Here it does not optimise (batch norm stays), each dropout
becomes a marker of cifarx's own domain, and the batch has a fixed size, so that shapes are
constants and fold away. The ONNX model is only an intermediate for `from_onnx.reader`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
import onnx_ir as ir
import torch
from onnxscript import optimizer
from torch import Tensor, nn

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.from_torch.calls import Example, output_names
from cifarx.export.from_torch.failures import not_in_onnx, told_in_a_paragraph
from cifarx.export.from_torch.marks import mark_dropout, with_marks
from cifarx.export.network.exact_constants import computed_constants, with_exact
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input
from cifarx.export.network.layer import Array
from cifarx.pytorch_models.errors import UserError

_NUMPY: dict[torch.dtype, type[np.floating[Any]]] = {
    torch.float32: np.float32,
    torch.float64: np.float64,
}
_BATCH = 2  # torch.export treats a batch of 1 as a constant that may be squeezed away


def graph_from_module(
    module: nn.Module, inputs: Sequence[Input], keywords: Sequence[str] = ()
) -> LayerGraph:
    """Read a module; arrays are those of its state dict, under its names.

    Args:
        module: in evaluation mode, on the CPU, in float32.
        inputs: what its forward takes, in order.
        keywords: names of the arguments that get them; empty to pass them in order.

    Raises:
        UserError: the module is in training mode, PyTorch cannot export it, or it has parts that
            no layer kind stands for.
    """
    _require_statistics(module)
    example = Example(tuple(inputs), tuple(keywords))
    graph = _with_names_of(module, _graph(module, example, torch.float32))
    places = computed_constants(graph, module.state_dict().keys())
    wide = _wide_graph(module, example) if places else None
    return graph if wide is None else with_exact(graph, wide, places)


def _graph(module: nn.Module, example: Example, dtype: torch.dtype) -> LayerGraph:
    exported = exported_program(with_marks(module), example, dtype=dtype)
    mark_dropout(exported.graph_module)
    names = example.names, output_names(exported)
    program = onnx_program(exported, type(module).__name__, *names, whole=dtype == torch.float64)
    arrays = {}
    for name, value in list(program.model.graph.initializers.items()):
        assert value.const_value is not None
        arrays[name] = value.const_value.numpy()  # the module's memory, not a copy
        del program.model.graph.initializers[name]
    return read_onnx(program.model_proto, arrays, _NUMPY[dtype])


def _write_scalars_whole(model: ir.Model, exported: torch.export.ExportedProgram) -> None:
    """Write the numbers of the program's text, such as the 0.1 of `x * 0.1`, in float64.

    torch.onnx.export (2.15) passes them through float32 and then casts them, in a program of
    float64 too.
    """
    given = (v for node in exported.graph.nodes for v in (*node.args, *node.kwargs.values()))
    written: dict[float, set[float]] = {}
    for number in given:
        if isinstance(number, float) and isfinite(number):
            written.setdefault(float(np.float32(number)), set()).add(number)
    for node in model.graph:
        value = node.attributes.get("value")
        if node.op_type != "Constant" or value is None:
            continue
        array = value.as_tensor().numpy()
        readers = {use.node.op_type for use in node.outputs[0].uses()}
        free = array.dtype == np.float64 or readers <= {"Cast", "CastLike"}
        numbers = written.get(array.item(), ()) if array.size == 1 and free else ()
        if len(numbers) == 1:
            whole = np.full(array.shape, min(numbers), np.float64)
            node.attributes["value"] = ir.AttrTensor("value", ir.tensor(whole))
            node.outputs[0].dtype = ir.DataType.DOUBLE


def _wide_graph(module: nn.Module, example: Example) -> LayerGraph | None:
    """The module's layers in float64, by which its constants are exact.

    None where the module computes in float32 alone. Its tensors are afterwards those that it had.
    """
    tensors = {name: p.data for name, p in module.named_parameters(remove_duplicate=False)}
    buffers = dict(module.named_buffers(remove_duplicate=False))
    try:
        return _graph(module.double(), example, torch.float64)
    except UserError:
        return None
    finally:
        module.float()
        for name, parameter in module.named_parameters(remove_duplicate=False):
            parameter.data = tensors[name]
        for name, buffer in buffers.items():
            owner, _, key = name.rpartition(".")
            module.get_submodule(owner)._buffers[key] = buffer


def exported_program(
    module: nn.Module,
    example: Example,
    batch: int = _BATCH,
    dtype: torch.dtype = torch.float32,
) -> torch.export.ExportedProgram:
    """Trace a module on the CPU for a batch of inputs.

    Raises:
        UserError: the module or a part of it is in training mode, or PyTorch cannot export it.
    """
    training = [name for name, part in module.named_modules() if part.training]
    if training:
        where = "" if training[0] == "" else f" in its part {training[0]}"
        raise UserError(
            f"The module {type(module).__name__} is in training mode{where}, where batch norm and "
            "dropout behave differently. Call its eval() before the export."
        )
    with told_in_a_paragraph(module, example.inputs):
        # For a module that torch.export rejects, torch.onnx.export of torch 2.8 falls back to a
        # trace of one example, in which branches that depend on data are frozen.
        tensors = [torch.zeros(batch, *given.shape, dtype=dtype) for given in example.inputs]
        args, kwargs = example.arguments(tensors)
        exported = torch.export.export(module, args, kwargs, strict=False)
    _require_nothing_dropped(exported)
    return exported


def _require_nothing_dropped(exported: torch.export.ExportedProgram) -> None:
    """Raise `UserError` for what torch.onnx.export of torch 2.15 drops silently."""
    for node in exported.graph.nodes:
        if node.target is not torch.ops.aten.avg_pool2d.default:
            continue
        if (node.args[6:] or (None,))[0] is not None:  # the seventh is the divisor
            raise UserError(
                f"An average pooling has divisor_override={node.args[6]} ({node.name}), which "
                "neither ONNX nor MATLAB supports. Remove it, and scale the result instead: "
                "pool(x) * (kernel_height * kernel_width / divisor)."
            )


def _require_statistics(module: nn.Module) -> None:
    """Raise `UserError` for batch norm that uses statistics of the batch even in evaluation."""
    for name, part in module.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.running_mean is None:
            raise UserError(
                f"The batch norm {name or type(module).__name__} keeps no running statistics "
                "(track_running_stats=False), so its output for an image depends on the other "
                "images of the batch. cifarx exports networks that treat each image alone, as "
                "those do that were trained with track_running_stats=True."
            )


def onnx_program(
    exported: torch.export.ExportedProgram,
    name: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    whole: bool = False,
) -> torch.onnx.ONNXProgram:
    """The program as ONNX, constants folded; initializers are named as in the state dict.

    Args:
        exported: of `exported_program`.
        name: what an error calls the module.
        inputs: names of the inputs.
        outputs: names of the outputs.
        whole: whether the program is in float64, and its numbers are to be so as well.

    Raises:
        UserError: ONNX cannot express it.
    """
    with told_in_a_paragraph(exported.graph_module):
        try:
            program = torch.onnx.export(
                exported,
                dynamo=True,
                optimize=False,
                external_data=False,
                verbose=False,
                input_names=list(inputs),
                output_names=list(outputs),
            )
        except Exception as error:  # its own, and those of onnxscript
            raise not_in_onnx(error, exported, name) from error
        assert program is not None
        if whole:
            _write_scalars_whole(program.model, exported)
        optimizer.fold_constants(program.model)
        optimizer.remove_unused_nodes(program.model)
        return program


def _with_names_of(module: nn.Module, graph: LayerGraph) -> LayerGraph:
    """The graph with each array named after the tensor of the state dict that it equals."""
    state = module.state_dict()
    unnamed = [a for a in graph.arrays().values() if a.source not in state]
    sizes = {a.value.size for a in unnamed if not _is_zero(a)}
    taken = {a.source for a in graph.arrays().values()}
    by_content: dict[bytes, list[str]] = {}
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor):
            continue  # a module's extra state
        if name not in taken and tensor.numel() in sizes and tensor.dtype == torch.float32:
            by_content.setdefault(tensor.detach().cpu().numpy().tobytes(), []).append(name)

    def named(array: Array) -> Array:
        if array.source in state:
            return array
        if not _is_zero(array):  # such as a linear layer's weights, which PyTorch transposes
            names = by_content.get(array.value.tobytes(), [])
            return replace(array, source=names.pop(0) if names else "")
        return replace(array, source="")  # such as the bias of a convolution without one

    layers = (
        replace(layer, arrays={key: named(array) for key, array in layer.arrays.items()})
        for layer in graph.layers
    )
    return replace(graph, layers=tuple(layers))


def _is_zero(array: Array) -> bool:
    return not array.value.any()
