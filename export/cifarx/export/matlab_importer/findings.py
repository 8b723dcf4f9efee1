"""Judge a file as a whole for MATLAB's importer: opset, IR, side files, names, inputs, outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

import onnx

from cifarx.export.from_onnx.interface import Dims, dimensions
from cifarx.export.from_onnx.light_graph import LightGraph
from cifarx.export.from_onnx.metadata import is_of_matlab
from cifarx.export.from_onnx.validity import AGAIN, explained, invalidity
from cifarx.export.matlab_importer.call import data_format, is_identifier, namespace
from cifarx.export.matlab_importer.knowledge import Ceiling, Citation, ceiling, citation

LEVELS = ("ok", "warning", "error")
TOPICS = (
    "validity",
    "opset",
    "IR",
    "domains",
    "functions",
    "side files",
    "weights",
    "names",
    "input",
    "output",
)
_OPSET_14 = "torch.onnx.export(dynamo=False, opset_version=14)"
_REWRITE = "'cifarx export FILE.onnx' writes opset 14, IR 7, one file"


@dataclass(frozen=True)
class Finding:
    """One statement about the file."""

    topic: str
    """One of TOPICS."""
    level: str
    """'ok', 'warning', or 'error' if the import fails or gives a wrong network."""
    text: str
    remedy: str
    sources: tuple[Citation, ...]


def findings(graph: LightGraph, name: str, releases: tuple[str, ...]) -> Iterator[Finding]:
    """All findings, at least one on validity, opset, IR, side files, names, input and output."""
    limits = {release: ceiling(release) for release in releases}
    yield _validity(graph)
    yield _opset(graph, limits)
    yield _ir(graph.model.ir_version, limits)
    yield from _domains(graph)
    yield _side_files(graph)
    yield from _weights(graph)
    yield from _names(graph, name)
    yield from _inputs(graph)
    yield from _outputs(graph)


def _finding(topic: str, level: str, text: str, remedy: str = "", *sources: str) -> Finding:
    return Finding(topic, level, text, remedy, tuple(citation(key) for key in sources))


def _validity(graph: LightGraph) -> Finding:
    reason = invalidity(graph)
    if not reason:
        text = "onnx.checker finds nothing wrong with the file"
        return _finding("validity", "ok", text, "", "onnx-checker")
    meaning, remedy = explained(reason)
    said = f"{meaning} ({reason.rstrip('.')})" if meaning else reason.rstrip(".")
    text = f"the file is not valid ONNX: {said}"
    return _finding("validity", "error", text, remedy or AGAIN, "onnx-checker")


def _opset(graph: LightGraph, limits: dict[str, Ceiling]) -> Finding:
    opset = graph.opset
    if opset is None:
        return _finding(
            "opset", "error", "the file does not say which opset it uses", _REWRITE + ".", "infer"
        )
    limit = next(iter(limits.values()))
    span = f"{limit.oldest_opset} to {limit.newest_opset}"
    if limit.oldest_opset <= opset <= limit.newest_opset:
        text = f"opset {opset} lies within {span}, which MATLAB reads without a warning"
        return Finding("opset", "ok", text, "", limit.sources)
    text = (
        f"opset {opset} lies outside {span}, the opsets that MATLAB is recorded to read without "
        "warning that the network may differ; whether newer releases read more is not known"
    )
    return Finding("opset", "warning", text, f"Use {_OPSET_14}; {_REWRITE}.", limit.sources)


def _ir(version: int, limits: dict[str, Ceiling]) -> Finding:
    lowest = min(limits.values(), key=lambda limit: limit.newest_ir)
    if version <= lowest.newest_ir:
        text = f"IR {version}; MATLAB reads up to {lowest.newest_ir} without a warning"
        return Finding("IR", "ok", text, "", lowest.sources)
    text = (
        f"IR {version} is newer than {lowest.newest_ir}, the newest that MATLAB reads without a "
        "warning"
    )
    later = [r for r, limit in limits.items() if version <= limit.newest_ir]
    text += f"; MATLAB reads it from {later[0]} on" if later else ""
    return Finding("IR", "warning", text, f"Use {_OPSET_14}; {_REWRITE}.", lowest.sources)


def _domains(graph: LightGraph) -> Iterator[Finding]:
    used = {node.proto.domain for node in graph.nodes} - {"", "ai.onnx"}
    foreign = sorted(used - {domain for domain, _ in graph.functions})
    lost = [node.proto for node in graph.nodes if is_of_matlab(node.proto)]
    if lost:
        names = ", ".join(node.name or node.output[0] for node in lost)
        text = f"MATLAB could not export the layers {names}, and wrote operators of its own"
        remedy = (
            "If layers that exportONNXNetwork supports compute the same, build the network with "
            "them in MATLAB and export it again."
        )
        yield _finding("domains", "warning", text, remedy, "user-placeholder")
    elif foreign:
        text = f"operators outside ONNX's own set, of {', '.join(foreign)}"
        remedy = "Export with standard operators, without runtime-specific optimisations."
        yield _finding("domains", "warning", text, remedy, "infer")
    if graph.functions:
        text = f"the file defines {len(graph.functions)} functions of its own"
        remedy = (
            "Inline them: onnx.save(onnx.inliner.inline_local_functions(onnx.load('in.onnx')), "
            "'out.onnx')."
        )
        yield _finding("functions", "warning", text, remedy, "infer")


def _side_files(graph: LightGraph) -> Finding:
    external = [t for t in graph.tensors.values() if t.data_location == onnx.TensorProto.EXTERNAL]
    if not external:
        return _finding("side files", "ok", "the file holds all its weights", "", "user-chemberta")
    entries = (entry for tensor in external for entry in tensor.external_data)
    places = sorted({entry.value for entry in entries if entry.key == "location"})
    text = (
        f"{len(external)} tensors lie in {', '.join(places) or 'a side file'}, "
        "which MATLAB's importer cannot read"
    )
    remedy = (
        "Use torch.onnx.export(external_data=False), or save the model as one file: "
        "onnx.save(onnx.load('in.onnx'), 'out.onnx')."
    )
    return _finding("side files", "error", text, remedy, "user-chemberta")


def _weights(graph: LightGraph) -> Iterator[Finding]:
    kinds = {tensor.data_type for tensor in graph.model.graph.initializer}
    other = kinds & {
        onnx.TensorProto.FLOAT16,
        onnx.TensorProto.BFLOAT16,
        onnx.TensorProto.DOUBLE,
        onnx.TensorProto.INT8,
        onnx.TensorProto.UINT8,
    }
    if other:
        names = sorted(onnx.TensorProto.DataType.Name(kind) for kind in other)
        text = f"weights of type {', '.join(names)}; how they are imported is not known"
        yield _finding("weights", "warning", text, "Export the network in float32.", "infer")
    if graph.model.graph.sparse_initializer:
        text = "sparse weights; how they are imported is not known"
        yield _finding("weights", "warning", text, "Export dense weights.", "infer")


def _names(graph: LightGraph, name: str) -> Iterator[Finding]:
    stem = PurePath(name).stem
    if is_identifier(stem):
        text = f"generated layers, if any, go to the namespace +{namespace(name)}"
        yield _finding("names", "ok", text, "", "doc-import")
    else:
        text = f"the file's name {stem!r} is not a MATLAB identifier, so it cannot be a namespace"
        remedy = f"Rename the file to {namespace(name)}.onnx, or pass Namespace as in the call."
        yield _finding("names", "warning", text, remedy, "doc-import", "infer")
    nodes = [node.proto.name for node in graph.nodes if node.proto.op_type != "Constant"]
    odd = [node for node in nodes if not is_identifier(node)]
    twice = len(nodes) - len({node.lower() for node in nodes})
    if odd or twice:
        reasons = [f"{len(odd)} are not MATLAB identifiers"] * bool(odd)
        reasons += [f"{twice} are not unique without regard to case"] * bool(twice)
        text = (
            f"of the names of {len(nodes)} nodes {', '.join(reasons)}; MATLAB renames and "
            "shortens them, so layers do not have the names of their nodes"
        )
        remedy = "'cifarx export FILE.onnx' gives every node a name that MATLAB keeps."
        yield _finding("names", "warning", text, remedy, "mw-yolov8", "user-efficientnet")


def _inputs(graph: LightGraph) -> Iterator[Finding]:
    values = graph.inputs
    if len(values) != 1:
        text = f"{len(values)} inputs; MATLAB may reorder them"
        remedy = (
            "Look at net.InputNames after the import." if values else "Export it with an input."
        )
        yield _finding("input", "warning" if values else "error", text, remedy, "mw-toolkit")
    for value in values:
        yield from _input(value, dimensions(value))


def _input(value: onnx.ValueInfoProto, shape: Dims | None) -> Iterator[Finding]:
    name = f"input {value.name!r}"
    kind = value.type.tensor_type.elem_type
    if kind != onnx.TensorProto.FLOAT:
        known = value.type.HasField("tensor_type") and kind
        type_name = onnx.TensorProto.DataType.Name(kind) if known else "no tensor type"
        text = f"{name} is {type_name}, not float32; how it is imported is not known"
        yield _finding("input", "warning", text, "Convert the type outside the network.", "infer")
    if shape is None:
        text = f"{name} has no shape"
        remedy = "Export with an example input, or pass InputDataFormats yourself."
        yield _finding("input", "warning", text, remedy, "infer")
        return
    sizes = ", ".join("?" if length is None else str(length) for length in shape)
    if len(shape) not in (2, 4):
        text = f"{name} [{sizes}] is neither [N,C,H,W] nor [N,K]"
        remedy = "Pass its dimensions as InputDataFormats, such as BCT or BTC."
        yield _finding("input", "warning", text, remedy, "mw-toolkit")
    elif None in shape[1:]:
        text = (
            f"{name} [{sizes}] has open dimensions besides the batch; the network may not be "
            "initialised"
        )
        remedy = "Export with fixed channels, height and width."
        yield _finding("input", "warning", text, remedy, "mw-toolkit", "user-zerodce")
    elif shape[0] is not None:
        text = (
            f"{name} [{sizes}] has a fixed batch, so MATLAB puts the add-on's "
            "nnet.onnx.layer.VerifyBatchSizeLayer after it"
        )
        remedy = (
            "Export with a dynamic batch: torch.onnx.export(…, dynamo=False, "
            f"input_names=[{value.name!r}], dynamic_axes={{{value.name!r}: {{0: 'N'}}}})."
        )
        yield _finding("input", "warning", text, remedy, "mw-yolov8", "user-vit")
    else:
        text = f"{name} [{sizes}] is {data_format(shape)} for MATLAB"
        yield _finding("input", "ok", text, "", "mw-toolkit", "user-efficientnet")


def _outputs(graph: LightGraph) -> Iterator[Finding]:
    values = graph.model.graph.output
    if len(values) != 1:
        text = f"{len(values)} outputs; MATLAB may reorder them"
        remedy = "Look at net.OutputNames after the import."
        yield _finding("output", "warning", text, remedy, "mw-toolkit")
    for value in values:
        form = data_format(graph.shapes.get(value.name))
        if form in ("BC", "BCSS"):
            text = (
                f"output {value.name!r} is {form} for MATLAB; some imports have the add-on's "
                "nnet.onnx.layer.CustomOutputLayer after it; the reason is not known"
            )
            yield _finding("output", "ok", text, "", "user-nnv", "user-sam")
        else:
            text = f"output {value.name!r} is {form or 'of unknown shape'}, neither [N,K] nor maps"
            remedy = "Pass its dimensions as OutputDataFormats."
            yield _finding("output", "warning", text, remedy, "mw-toolkit")
