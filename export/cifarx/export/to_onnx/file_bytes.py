"""Serialize an ONNX file array by array, so that no second copy of the weights is made.

The result is byte for byte what protobuf itself writes for the whole model (a test compares them):
a message is its fields in the order of their numbers, a submessage its length and its bytes.
https://protobuf.dev/programming-guides/encoding/; field numbers from onnx.proto.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from cifarx.pytorch_models.errors import TooLargeError

_GRAPH, _INITIALIZER, _RAW_DATA = 7, 5, 9
_LENGTH_DELIMITED = 2  # wire type
_SMALL = 256  # elements; smaller constants may determine shapes, so the checker must see them
_LARGEST = 2**31 - 1  # bytes of a protobuf message
_ROOM = 256  # bytes for an array's name, sizes and tags


@dataclass(frozen=True)
class OnnxFile:
    """A model without initializers, and the arrays that become its initializers."""

    model: onnx.ModelProto
    arrays: Sequence[tuple[str, NDArray[Any]]]

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The file's content; equal models give equal bytes."""
        before, graph_before = onnx.ModelProto(), onnx.GraphProto()
        behind, graph_behind = onnx.ModelProto(), onnx.GraphProto()
        before.CopyFrom(self.model)
        for name in ("graph", "opset_import", "metadata_props"):
            before.ClearField(name)
        behind.opset_import.extend(self.model.opset_import)
        behind.metadata_props.extend(self.model.metadata_props)
        graph_before.name = self.model.graph.name
        graph_before.node.extend(self.model.graph.node)
        graph_behind.input.extend(self.model.graph.input)
        graph_behind.output.extend(self.model.graph.output)
        heads = [_head(name, array) for name, array in self.arrays]
        first, last = _bytes(graph_before), _bytes(graph_behind)
        sizes = [
            len(head) + array.nbytes for head, (_, array) in zip(heads, self.arrays, strict=True)
        ]
        tags = [_tag(_INITIALIZER, size) for size in sizes]
        whole = len(first) + sum(sizes) + sum(map(len, tags)) + len(last)
        yield _bytes(before)
        yield _tag(_GRAPH, whole)
        yield first
        for tag, head, (_, array) in zip(tags, heads, self.arrays, strict=True):
            yield tag
            yield head
            yield np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        yield last
        yield _bytes(behind)

    def require_size(self) -> None:
        """Raise `TooLargeError` if the file would take 2 GiB or more, protobuf's limit."""
        size = sum(array.nbytes for _, array in self.arrays) + self.model.ByteSize()
        if size > _LARGEST - _ROOM * len(self.arrays):
            raise TooLargeError(f"{size / 2**30:.1f} GiB")

    def sha256(self) -> str:
        """SHA-256 of the file's content, in hexadecimal."""
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    def proto(self) -> onnx.ModelProto:
        """The whole model, in memory."""
        model = onnx.ModelProto()
        model.ParseFromString(b"".join(self.chunks()))
        return model

    def check(self) -> None:
        """Check the model by `onnx.checker` with full checks, with large arrays as inputs.

        Raises:
            onnx.checker.ValidationError, onnx.shape_inference.InferenceError: it is not valid.
        """
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        for name, array in self.arrays:
            if array.size <= _SMALL:
                model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
            else:
                kind = helper.np_dtype_to_tensor_dtype(array.dtype)
                model.graph.input.append(helper.make_tensor_value_info(name, kind, array.shape))
        onnx.checker.check_model(model, full_check=True)


def _head(name: str, array: NDArray[Any]) -> bytes:
    """A TensorProto up to the bytes of its data."""
    tensor = onnx.TensorProto(
        dims=array.shape, data_type=helper.np_dtype_to_tensor_dtype(array.dtype), name=name
    )
    return _bytes(tensor) + _tag(_RAW_DATA, array.nbytes)


def _bytes(message: onnx.ModelProto | onnx.GraphProto | onnx.TensorProto) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))


def _tag(field: int, length: int) -> bytes:
    return bytes([field << 3 | _LENGTH_DELIMITED]) + _varint(length)


def _varint(number: int) -> bytes:
    groups = bytearray()
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])
