"""A PyTorch module as ONNX, with everything kept that a fine-tuning user needs.

`torch.onnx.export` folds batch norm into the convolution before it, drops dropout, and spells a
flatten as a chain of shape arithmetic. Here it is told not to optimise (batch norm stays), each
dropout becomes a marker of its own domain, and the batch is of fixed size, so that shapes are
constants and fold away. The result is an intermediate for `onnx_reader`; it is never a product.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from onnxscript import optimizer
from torch import Tensor, nn

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.from_torch.failures import not_in_onnx, told_in_a_paragraph
from cifarx.export.from_torch.marks import mark_dropout, with_marks
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Array
from cifarx.export.network.names import INPUT, OUTPUT
from cifarx.pytorch_models.errors import UserError

_BATCH = 2  # torch.export treats a batch of 1 as a constant that may be squeezed away


def graph_from_module(module: nn.Module, input_size: tuple[int, int, int]) -> LayerGraph:
    """Read a module for images of (C, H, W); arrays are those of its state dict, under its names.

    Raises:
        UserError: the module is in training mode, PyTorch cannot export it, or it has parts that
            no layer kind stands for.
    """
    _require_statistics(module)
    exported = exported_program(with_marks(module), input_size)
    mark_dropout(exported.graph_module)
    program = onnx_program(exported, type(module).__name__)
    arrays = {}
    for name, value in list(program.model.graph.initializers.items()):
        assert value.const_value is not None
        arrays[name] = value.const_value.numpy()  # the module's memory, not a copy
        del program.model.graph.initializers[name]
    return _with_names_of(module, read_onnx(program.model_proto, arrays))


def exported_program(
    module: nn.Module, input_size: tuple[int, int, int], batch: int = _BATCH
) -> torch.export.ExportedProgram:
    """Trace a module on the CPU for a batch of images of (C, H, W).

    Raises:
        UserError: the module or a part of it is in training mode, or PyTorch cannot export it.
    """
    training = [name for name, part in module.named_modules() if part.training]
    if training:
        where = "" if training[0] == "" else f" in its part {training[0]}"
        raise UserError(
            f"The module {type(module).__name__} is in training mode{where}, in which batch norm "
            "and dropout behave differently. Call its eval() before exporting."
        )
    with told_in_a_paragraph(module, input_size):
        # Left to itself, torch.onnx.export of torch 2.8 answers a module that torch.export
        # rejects with a trace of one example, in which branches on data are frozen.
        example = torch.zeros(batch, *input_size)
        exported = torch.export.export(module, (example,), strict=False)
    _require_nothing_dropped(exported)
    return exported


def _require_nothing_dropped(exported: torch.export.ExportedProgram) -> None:
    """Raise `UserError` for what torch.onnx.export of torch 2.15 leaves out without a word."""
    for node in exported.graph.nodes:
        if node.target is not torch.ops.aten.avg_pool2d.default:
            continue
        if (node.args[6:] or (None,))[0] is not None:  # the seventh is the divisor
            raise UserError(
                f"An average pooling has divisor_override={node.args[6]} ({node.name}), which "
                "neither ONNX nor MATLAB has. Leave it out, and scale the result instead: "
                "pool(x) * (kernel_height * kernel_width / divisor)."
            )


def _require_statistics(module: nn.Module) -> None:
    """Raise `UserError` for batch norm that takes those of the batch even in evaluation."""
    for name, part in module.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.running_mean is None:
            raise UserError(
                f"The batch norm {name or type(module).__name__} keeps no running statistics "
                "(track_running_stats=False): its answers to an image depend on the other images "
                "of the batch. Train it with track_running_stats=True, or with nn.GroupNorm or "
                "nn.InstanceNorm2d in its place."
            )


def onnx_program(exported: torch.export.ExportedProgram, name: str) -> torch.onnx.ONNXProgram:
    """Its ONNX form, constants folded; initializers are named as in the state dict.

    Raises:
        UserError: ONNX has no form of it; `name` is what that says of the module.
    """
    with told_in_a_paragraph(exported.graph_module):
        try:
            program = torch.onnx.export(
                exported,
                dynamo=True,
                optimize=False,
                external_data=False,
                verbose=False,
                input_names=[INPUT],
                output_names=[OUTPUT],
            )
        except Exception as error:  # its own, and those of onnxscript
            raise not_in_onnx(error, exported, name) from error
        assert program is not None
        optimizer.fold_constants(program.model)
        optimizer.remove_unused_nodes(program.model)
        return program


def _with_names_of(module: nn.Module, graph: LayerGraph) -> LayerGraph:
    """The graph, its arrays named after the tensors of the module's state dict that they equal."""
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
        if not _is_zero(array):  # PyTorch transposes a linear layer's weights; they are the same
            names = by_content.get(array.value.tobytes(), [])
            return replace(array, source=names.pop(0) if names else "")
        return replace(array, source="")  # such as the bias that a convolution does not have

    layers = (
        replace(layer, arrays={key: named(array) for key, array in layer.arrays.items()})
        for layer in graph.layers
    )
    return replace(graph, layers=tuple(layers))


def _is_zero(array: Array) -> bool:
    return not array.value.any()
