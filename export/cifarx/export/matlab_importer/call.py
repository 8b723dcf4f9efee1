"""Write the call of importNetworkFromONNX for a file, to paste into MATLAB."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath

from cifarx.export.from_onnx.interface import Dims, dimensions
from cifarx.export.from_onnx.light_graph import LightGraph
from cifarx.export.network.names import identifier

FORMATS = {2: "BC", 4: "BCSS", 5: "BCSSS"}
"""Data formats by number of dimensions in PyTorch's order: B batch, C channel, S spatial."""

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
# reserved in MATLAB, so not allowed as a namespace
_KEYWORDS = re.compile(
    "break|case|catch|classdef|continue|else|elseif|end|for|function|global|if|otherwise|parfor|"
    "persistent|return|spmd|switch|try|while"
)


def is_identifier(name: str) -> bool:
    """Whether MATLAB accepts it as a name.

    >>> is_identifier("conv1"), is_identifier("1st"), is_identifier("end")
    (True, False, False)
    """
    return bool(_IDENTIFIER.fullmatch(name)) and not _KEYWORDS.fullmatch(name)


def namespace(name: str) -> str:
    """The namespace of generated layers: MATLAB's default, or a similar identifier.

    MATLAB's default is the file's name without its ending.

    >>> namespace("my net.onnx")
    'my_net'
    """
    stem = PurePath(name).stem
    if is_identifier(stem):
        return stem
    near = identifier(stem)
    return near if is_identifier(near) else f"net_{near}"


def data_format(shape: Dims | None) -> str:
    """The data format of a value, with U for each dimension of unknown meaning; '' if no shape."""
    if shape is None:
        return ""
    return FORMATS.get(len(shape), "U" * len(shape))


def call(graph: LightGraph, name: str, releases: tuple[str, ...]) -> str:
    """The call for a file, with Namespace if the file's name is not an identifier.

    In R2023b, Namespace was called PackageName (CORA toolbox, readONNXNetwork.m).
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
    """A MATLAB string, or an array of strings."""
    quoted = [_text(item) for item in items]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
