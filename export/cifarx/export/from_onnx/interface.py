"""Tell the inputs and outputs of an ONNX model and their sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from cifarx.export.network.interface import Input
from cifarx.export.network.task import require_input_size
from cifarx.pytorch_models.errors import UserError

Dims = tuple[int | None, ...]
_TAKEN = "float32 features N x F, signals N x C x L or images N x C x H x W"


def stored_tensors(model: onnx.ModelProto) -> set[str]:
    """Names of the tensors that the main graph holds, dense or sparse."""
    sparse = {tensor.values.name for tensor in model.graph.sparse_initializer}
    return sparse | {tensor.name for tensor in model.graph.initializer}


def model_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The inputs that a user provides; files before IR 4 list initializers as inputs, too."""
    stored = stored_tensors(model)
    return [value for value in model.graph.input if value.name not in stored]


def dimensions(value: onnx.ValueInfoProto) -> Dims | None:
    """Dimensions of a value, None for an open one; None if the file does not give their number."""
    kind = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not kind.HasField("shape"):
        return None
    return tuple(d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim)


def outputs_of(model: onnx.ModelProto) -> list[str]:
    """Names of the model's outputs.

    Raises:
        UserError: it has no input or no output.
    """
    inputs, outputs = model_inputs(model), [value.name for value in model.graph.output]
    if not inputs or not outputs:
        raise UserError(
            f"The network has {len(inputs)} inputs and {len(outputs)} outputs; cifarx takes "
            "networks with one or more of each."
        )
    return outputs


def inputs_of(
    model: onnx.ModelProto, dtype: type[np.floating[Any]] = np.float32
) -> tuple[int, tuple[Input, ...]]:
    """The batch (0 if symbolic), and the inputs by their names in the file.

    Raises:
        UserError: an input is not a tensor of `dtype` [N, F], [N, C, L] or [N, C, H, W] of fixed
            size, or the batches differ.
    """
    found = [_batch_and_input(value, dtype) for value in model_inputs(model)]
    batches = {batch for batch, _ in found}
    if len(batches) != 1:
        listed = ", ".join(f"{one.name!r} {batch or 'any'}" for batch, one in found)
        raise UserError(
            f"The inputs of the network have different batch sizes ({listed}). Export it with one "
            "batch size for all, or with a symbolic one."
        )
    return batches.pop(), tuple(one for _, one in found)


def _batch_and_input(
    value: onnx.ValueInfoProto, dtype: type[np.floating[Any]]
) -> tuple[int, Input]:
    if value.type.WhichOneof("value") != "tensor_type":
        kind = value.type.WhichOneof("value") or "nothing"
        raise UserError(
            f"The input {value.name!r} is a {kind.removesuffix('_type')}, not a tensor; cifarx "
            f"takes networks whose inputs are {_TAKEN}."
        )
    tensor = value.type.tensor_type
    dims = [d.dim_value for d in tensor.shape.dim]
    wanted = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    if tensor.elem_type != wanted or len(dims) not in (2, 3, 4) or min(dims[1:]) < 1:
        shown = [d.dim_value or d.dim_param or "?" for d in tensor.shape.dim]
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        raise UserError(
            f"The input {value.name!r} must be {_TAKEN} with fixed sizes except for the batch N; "
            f"in the file it is {kind} {' x '.join(map(str, shown)) or 'of unknown size'}. Export "
            "the network in float32 with fixed sizes, except for the batch."
        )
    given = Input(value.name, tuple(dims[1:]))
    require_input_size(given)
    return max(dims[0], 0), given
