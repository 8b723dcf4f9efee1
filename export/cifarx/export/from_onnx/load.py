"""Load an ONNX file without trusting its contents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from onnx.external_data_helper import load_external_data_for_model

from cifarx.export.from_onnx.validity import AGAIN, CHECKS, explained, one_line
from cifarx.export.from_onnx.versions.opset_6 import upgrade
from cifarx.pytorch_models.errors import UnsupportedError, UserError
from cifarx.pytorch_models.file_kind import HEAD, other_kind

OLDEST_OPSET = 6


def load_onnx(path: Path) -> onnx.ModelProto:
    """Read and fully check an ONNX file and its side files of weights.

    Raises:
        UserError: it is missing, a folder, empty, not ONNX, cut short, inconsistent, of an
            unknown opset or IR version, or its side files are missing or outside its folder.
    """
    if not path.is_file():
        state = "is a folder" if path.is_dir() else "is not there"
        raise UserError(
            f"{path} {state}. Give an ONNX file, or make one with 'cifarx export --onnx --mat'."
        )
    try:
        model = onnx.load_model(path, format="protobuf", load_external_data=False)
    except (DecodeError, ValueError, OSError) as error:
        raise _unsound(path, error) from error
    if not model.graph.node:
        raise UserError(f"{path} is not a valid ONNX file: it holds no network. {AGAIN}")
    _say_domain_as_onnx_does(model)
    _require_known_versions(path, model)
    _load_side_files(path, model)
    if any(o.version == 6 and not o.domain for o in model.opset_import):
        try:
            upgrade(model)
        except UnsupportedError as error:
            raise UserError(
                f"{path} has opset 6, and cannot be read as opset 7: {error}. Export it again with "
                "opset 7 or newer."
            ) from error
    try:
        onnx.checker.check_model(model, full_check=True)
    except CHECKS as error:
        raise _invalid(path, error) from error
    return model


def side_files(path: Path) -> tuple[str, ...]:
    """Names of the side files that hold weights of an ONNX file, as the file gives them.

    Args:
        path: a file that `load_onnx` accepts; the model that it returns no longer has the names.
    """
    model = onnx.load_model(path, format="protobuf", load_external_data=False)
    external = (t for t in _tensors(model.graph) if t.data_location == onnx.TensorProto.EXTERNAL)
    entries = (entry for tensor in external for entry in tensor.external_data)
    return tuple(sorted({entry.value for entry in entries if entry.key == "location"}))


def _unsound(path: Path, error: Exception) -> UserError:
    with path.open("rb") as file:
        kind = other_kind(file.read(HEAD))
    if kind == "a MAT-file" and path.suffix == ".mat":
        beside = path.with_suffix(".onnx")
        return UserError(
            f"{path} is a MAT-file; here, give an ONNX file. 'cifarx verify {beside.name}' also "
            f"reads the .mat file of the same name beside it, and 'cifarx import {path.name}' "
            "makes a PyTorch network of a .mat file and checks its outputs."
        )
    return UserError(
        f"{path} is not a valid ONNX file: it is damaged, cut short or of another kind"
        f"{f'; it looks like {kind}' if kind else ''} ({one_line(error).rstrip('.')}). {AGAIN}"
    )


def _invalid(path: Path, error: Exception) -> UserError:
    """The error for a file that can be read, but is not valid."""
    reason = one_line(error).rstrip(".")
    meaning, remedy = explained(reason)
    said = f"{meaning} ({reason})" if meaning else reason
    return UserError(f"{path} is not valid ONNX: {said}. {remedy or AGAIN}")


def _say_domain_as_onnx_does(model: onnx.ModelProto) -> None:
    """Write the domain 'ai.onnx' as '', which means the same; onnx.checker knows only ''."""
    for part in (*model.opset_import, *_nodes(model.graph)):
        if part.domain == "ai.onnx":
            part.domain = ""


def _require_known_versions(path: Path, model: onnx.ModelProto) -> None:
    newest = onnx.defs.onnx_opset_version()
    versions = [o.version for o in model.opset_import if not o.domain]
    if not versions or not OLDEST_OPSET <= versions[0] <= newest:
        found = f"opset {versions[0]}" if versions else "no opset of ONNX's own"
        raise UserError(
            f"{path} has {found}; cifarx reads opsets {OLDEST_OPSET} to {newest}, the newest that "
            "the installed onnx package knows. Export it with one of these opsets, or convert it "
            "with onnx.version_converter."
        )
    if model.ir_version > onnx.IR_VERSION:
        raise UserError(
            f"{path} has IR version {model.ir_version}; cifarx reads up to {onnx.IR_VERSION}, the "
            "newest that the installed onnx package knows. Export it with an older version of "
            "onnx, or install a newer onnx here."
        )


def _load_side_files(path: Path, model: onnx.ModelProto) -> None:
    folder = path.resolve().parent
    external = [t for t in _tensors(model.graph) if t.data_location == onnx.TensorProto.EXTERNAL]
    for tensor in external:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        if not location.isprintable():
            raise UserError(
                f"{path} refers to weights in {location!r}, which is not a file name: it has "
                f"control characters. {AGAIN}"
            )
        side = Path(location)
        whole = (folder / side).resolve()
        if not location or side.is_absolute() or folder not in whole.parents:
            raise UserError(
                f"{path} refers to weights in {location!r}, which is outside its folder; cifarx "
                "reads side files only from the folder of the ONNX file. Move the side file there "
                "and save the model again with onnx.save."
            )
        if not whole.is_file():
            raise UserError(
                f"{path} stores its weights in a side file {location!r}, which is not beside it. "
                f"Put that file into {path.parent}, too; the two belong together."
            )
    try:
        load_external_data_for_model(model, str(folder))
        for tensor in external:
            numpy_helper.to_array(tensor)  # raises where there are too few bytes
    except Exception as error:  # onnx raises ValidationError, ValueError, OSError and others
        raise UserError(
            f"The side file with the weights of {path} cannot be read, or is cut short "
            f"({' '.join(str(error).split())[:200]}). {AGAIN}"
        ) from error


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """All nodes, including those of subgraphs."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """All tensors, including those of attributes and subgraphs."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)
