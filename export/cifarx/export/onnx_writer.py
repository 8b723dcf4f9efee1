"""`LayerGraph` -> the ONNX file that MATLAB imports without generated layers.

The portable profile: opset 14 and IR 7 (the newest that every recorded importNetworkFromONNX takes
without a warning), one file, input `image` [N, C, H, W] with symbolic N, output `logits` [N, K],
names that are MATLAB identifiers, and no node but those of the layers. The bytes depend on nothing
but the graph, the card and the versions of onnx and cifarx.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from cifarx.export import layout
from cifarx.export.card import ModelCard
from cifarx.export.graph import LayerGraph
from cifarx.export.layer import Layer
from cifarx.export.names import Namer
from cifarx.pytorch_models.errors import UserError

OPSET = 14
_IR = 7  # the lowest for opset 14, and the highest that R2023b's importer supports fully
OUTPUT = "logits"


@dataclass
class _Writing:
    graph: LayerGraph
    namer: Namer
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Name of the ONNX value that a layer's output is."""
        return OUTPUT if name == self.graph.output else name

    def constant(self, name: str, value: NDArray[np.float32]) -> str:
        name = self.namer(name)
        self.initializers.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name


def onnx_from_graph(graph: LayerGraph, card: ModelCard, opset: int = OPSET) -> onnx.ModelProto:
    """Build and fully check the ONNX model.

    Raises:
        UserError: an opset below 14, or above what the onnx package knows.
    """
    check_opset(opset)
    writing = _Writing(graph, Namer(graph.input_name, OUTPUT, *(la.name for la in graph.layers)))
    for layer in graph.layers:
        WRITERS[layer.kind](layer, writing)
    channels, height, width = graph.input_size
    (classes,) = graph.shapes()[graph.output]
    model = helper.make_model(
        helper.make_graph(
            writing.nodes,
            "network",
            [_float(graph.input_name, ["N", channels, height, width])],
            [_float(OUTPUT, ["N", classes])],
            writing.initializers,
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=max(_IR, helper.find_min_ir_version_for([helper.make_opsetid("", opset)])),
        producer_name="cifarx",
    )
    helper.set_model_props(model, card.to_metadata())
    onnx.checker.check_model(model, full_check=True)
    return model


def check_opset(opset: int) -> None:
    """Raise `UserError` for an opset below 14, or above what the onnx package knows."""
    newest = onnx.defs.onnx_opset_version()
    if not OPSET <= opset <= newest:
        raise UserError(
            f"--opset {opset} is not supported: allowed are {OPSET} (the default, for every MATLAB "
            f"from R2023b) to {newest} (the newest that the installed onnx package knows)."
        )


def onnx_bytes(model: onnx.ModelProto) -> bytes:
    """The file's content; equal models give equal bytes."""
    return bytes(model.SerializeToString(deterministic=True))


def _float(name: str, dims: list[str | int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)


def _node(
    operator: str, layer: Layer, writing: _Writing, *constants: str, **attributes: object
) -> None:
    inputs = [writing.value(name) for name in layer.inputs]
    writing.nodes.append(
        helper.make_node(
            operator,
            [*inputs, *constants],
            [writing.value(layer.name)],
            name=layer.name,
            **attributes,
        )
    )


def _arrays(layer: Layer, writing: _Writing) -> list[str]:
    """The layer's arrays as initializers, called as in the checkpoint."""
    return [
        writing.constant(array.source or f"{layer.name}_{key}", array.value)
        for key, array in layer.arrays.items()
    ]


def _window(layer: Layer) -> dict[str, object]:
    return {
        "strides": layer.hyper["Stride"],
        "pads": layout.pads_to_onnx(layer.hyper["Padding"]),  # type: ignore[arg-type]
    }


def _convolution(layer: Layer, writing: _Writing) -> None:
    _node(
        "Conv",
        layer,
        writing,
        *_arrays(layer, writing),
        kernel_shape=layer.arrays["Weights"].value.shape[2:],
        dilations=layer.hyper["DilationFactor"],
        group=1,
        **_window(layer),
    )


def _batch_normalization(layer: Layer, writing: _Writing) -> None:
    arrays = _arrays(layer, writing)
    _node("BatchNormalization", layer, writing, *arrays, epsilon=layer.hyper["Epsilon"])


def _max_pooling(layer: Layer, writing: _Writing) -> None:
    _node("MaxPool", layer, writing, kernel_shape=layer.hyper["PoolSize"], **_window(layer))


def _average_pooling(layer: Layer, writing: _Writing) -> None:
    _node(
        "AveragePool",
        layer,
        writing,
        kernel_shape=layer.hyper["PoolSize"],
        count_include_pad=1,
        **_window(layer),
    )


def _dropout(layer: Layer, writing: _Writing) -> None:
    ratio = np.asarray(layer.hyper["Probability"], np.float32)
    _node("Dropout", layer, writing, writing.constant(f"{layer.name}_ratio", ratio))


def _fully_connected(layer: Layer, writing: _Writing) -> None:
    arrays = _arrays(layer, writing)
    _node("Gemm", layer, writing, *arrays, alpha=1.0, beta=1.0, transA=0, transB=1)


def _flatten(layer: Layer, writing: _Writing) -> None:
    _node("Flatten", layer, writing, axis=1)


def _plain(operator: str) -> Callable[[Layer, _Writing], None]:
    return lambda layer, writing: _node(operator, layer, writing)


WRITERS: dict[str, Callable[[Layer, _Writing], None]] = {
    "Convolution2DLayer": _convolution,
    "BatchNormalizationLayer": _batch_normalization,
    "ReLULayer": _plain("Relu"),
    "MaxPooling2DLayer": _max_pooling,
    "AveragePooling2DLayer": _average_pooling,
    "GlobalAveragePooling2DLayer": _plain("GlobalAveragePool"),
    "DropoutLayer": _dropout,
    "FlattenLayer": _flatten,
    "FullyConnectedLayer": _fully_connected,
    "AdditionLayer": _plain("Add"),
    "MultiplicationLayer": _plain("Mul"),
}
