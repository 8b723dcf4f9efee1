"""The call of importNetworkFromONNX that suits a file, to paste into MATLAB."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath

from cifarx.export.from_onnx.interface import Dims, dimensions
from cifarx.export.from_onnx.light_graph import LightGraph
from cifarx.export.network.names import identifier

FORMATS = {2: "BC", 4: "BCSS", 5: "BCSSS"}
"""Data formats by number of dimensions, as PyTorch orders them: B batch, C channel, S spatial."""

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
# Reserved in MATLAB, and so no names of namespaces.
_KEYWORDS = re.compile(
    "break|case|catch|classdef|continue|else|elseif|end|for|function|global|if|otherwise|parfor|"
    "persistent|return|spmd|switch|try|while"
)


def is_identifier(name: str) -> bool:
    """MATLAB takes it as a name."""
    return bool(_IDENTIFIER.fullmatch(name)) and not _KEYWORDS.fullmatch(name)


def namespace(name: str) -> str:
    """Where generated layers go: MATLAB's default, the file's stem, or an identifier near it."""
    stem = PurePath(name).stem
    if is_identifier(stem):
        return stem
    near = identifier(stem)
    return near if is_identifier(near) else f"net_{near}"


def data_format(shape: Dims | None) -> str:
    """The data format of a value, U for each dimension whose meaning the file does not tell."""
    if shape is None:
        return ""
    return FORMATS.get(len(shape), "U" * len(shape))


def call(graph: LightGraph, name: str, releases: tuple[str, ...]) -> str:
    """The call for a file of that name; Namespace where the file's own name will not do.

    Namespace was called PackageName in R2023b (CORA toolbox, readONNXNetwork.m).
    """
    arguments = [_text(name)]
    inputs = [data_format(dimensions(value)) for value in graph.inputs]
    outputs = [data_format(graph.shapes.get(v.name)) for v in graph.model.graph.output]
    if inputs and all(inputs):
        arguments.append(f"InputDataFormats={_texts(inputs)}")
    if outputs and all(outputs):
        arguments.append(f"OutputDataFormats={_texts(outputs)}")
    if not is_identifier(PurePath(name).stem):
        key = "PackageName" if releases == ("R2023b",) else "Namespace"
        arguments.append(f"{key}={_text(namespace(name))}")
    return f"net = importNetworkFromONNX({', '.join(arguments)});"


def _texts(items: Iterable[str]) -> str:
    """One string, or an array of strings."""
    quoted = [_text(item) for item in items]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
