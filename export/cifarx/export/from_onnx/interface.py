"""Tell the inputs and outputs of an ONNX model and their sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from cifarx.export.network.classifier import require_image_size
from cifarx.pytorch_models.errors import UserError

Dims = tuple[int | None, ...]


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


def one_input_and_output(model: onnx.ModelProto) -> tuple[onnx.ValueInfoProto, str]:
    """The model's input, and the name of its output.

    Raises:
        UserError: the model has not exactly one input and one output.
    """
    images, outputs = model_inputs(model), model.graph.output
    if len(images) != 1 or len(outputs) != 1:
        listed = "; ".join(
            f"{word} {', '.join(repr(v.name) for v in values) or 'none'}"
            for word, values in (("inputs", images), ("outputs", outputs))
        )
        raise UserError(
            f"The network has {len(images)} inputs and {len(outputs)} outputs ({listed}); "
            "cifarx takes classifiers with one image input and one output of logits. Extract that "
            "part with onnx.utils.extract_model."
        )
    return images[0], outputs[0].name


def batch_and_size(
    value: onnx.ValueInfoProto, dtype: type[np.floating[Any]] = np.float32
) -> tuple[int, tuple[int, int, int]]:
    """The batch (0 if symbolic) and (C, H, W); features (F,) count as maps of one pixel.

    Raises:
        UserError: the value is not a float32 tensor [N, C, H, W] or [N, F] of fixed size.
    """
    if value.type.WhichOneof("value") != "tensor_type":
        kind = value.type.WhichOneof("value") or "nothing"
        raise UserError(
            f"The input {value.name!r} is a {kind.removesuffix('_type')}, not a tensor; cifarx "
            "takes networks with one input of float32 images N x C x H x W."
        )
    tensor = value.type.tensor_type
    dims = [d.dim_value for d in tensor.shape.dim]
    wanted = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    if tensor.elem_type != wanted or len(dims) not in (2, 4) or min(dims[1:]) < 1:
        shown = [d.dim_value or d.dim_param or "?" for d in tensor.shape.dim]
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        raise UserError(
            f"The input {value.name!r} must be float32 images N x C x H x W with fixed C, H and W; "
            f"in the file it is {kind} {' x '.join(map(str, shown)) or 'of unknown size'}. Export "
            "the network in float32 with fixed sizes, except for the batch."
        )
    channels, height, width = (*dims[1:], 1, 1)[:3]
    require_image_size((channels, height, width))
    return max(dims[0], 0), (channels, height, width)
