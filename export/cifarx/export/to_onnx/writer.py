"""Write a `LayerGraph` as an ONNX file that MATLAB imports without generated layers.

The portable profile: opset 14 and IR 7 (the newest that every recorded importNetworkFromONNX reads
without a warning), one file, inputs [N, F], [N, C, L] or [N, C, H, W] and outputs of any rank with
symbolic N, as the source has them (a classifier: `image` and `logits` [N, K]), names that are
MATLAB identifiers, and no nodes other than those of the layers and of changes of rank. The bytes
depend only on the graph, the card and the versions of onnx and cifarx.
"""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.names import OUTPUT, Namer
from cifarx.export.to_onnx.file_bytes import OnnxFile
from cifarx.export.to_onnx.graph_builder import Writing
from cifarx.export.to_onnx.layers import WRITERS
from cifarx.pytorch_models.errors import TooLargeError, UserError

OPSET = 14
_IR = 7  # the lowest for opset 14, and the highest that R2023b's importer supports fully


def onnx_from_graph(graph: LayerGraph, card: ModelCard, opset: int = OPSET) -> OnnxFile:
    """Build and fully check the ONNX model.

    Raises:
        UserError: an opset below 14, or above what the onnx package knows; 2 GiB or more.
    """
    check_opset(opset)
    shapes, output_shapes = graph.shapes(), graph.output_shapes()
    shapes |= {given.name: given.shape for given in graph.inputs}
    ends = list(zip(graph.outputs, output_shapes, strict=True))
    namer = Namer(
        *(given.name for given in graph.inputs),
        *{OUTPUT, *(output.name for output in graph.outputs)},
        *(layer.name for layer in graph.layers),
    )
    direct = {output.layer: (output.name, shape) for output, shape in reversed(ends)}
    writing = Writing(opset, namer, shapes, direct)
    for layer in graph.layers:
        writing.begin(layer)
        WRITERS[layer.kind](layer, writing)
    for output, shape in ends:
        writing.deliver(output, shape)
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(
        helper.make_graph(
            writing.nodes,
            "network",
            [_float(given.name, ["N", *given.shape]) for given in graph.inputs],
            [_float(output.name, ["N", *shape]) for output, shape in ends],
        ),
        opset_imports=opsets,
        ir_version=max(_IR, helper.find_min_ir_version_for(opsets)),
        producer_name="cifarx",
    )
    helper.set_model_props(model, card.to_metadata())
    file = OnnxFile(model, writing.arrays)
    try:
        file.require_size()
    except TooLargeError as error:
        raise UserError(
            f"model.onnx would take {error}. A single ONNX file holds less than 2 GiB, and MATLAB "
            "does not read side files. Export a smaller network."
        ) from error
    file.check()
    return file


def check_opset(opset: int) -> None:
    """Raise `UserError` for an opset below 14, or above what the onnx package knows."""
    newest = onnx.defs.onnx_opset_version()
    if not OPSET <= opset <= newest:
        raise UserError(
            f"--opset {opset} is not supported: allowed are {OPSET} (the default, for every MATLAB "
            f"from R2023b) to {newest} (the newest that the installed onnx package knows)."
        )


def _float(name: str, dims: list[str | int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
