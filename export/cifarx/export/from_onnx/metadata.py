"""Metadata of an ONNX file: the model's own, and what torch.onnx.export writes beside its nodes."""

from __future__ import annotations

import ast

import onnx

_SCOPES = "pkg.torch.onnx.name_scopes"  # the modules that a node lies in, outermost first
_CLASSES = "pkg.torch.onnx.class_hierarchy"  # their classes; both end with the node's own


def metadata(model: onnx.ModelProto) -> dict[str, str]:
    """The model's metadata_props; of a key that occurs twice, the last."""
    return {entry.key: entry.value for entry in model.metadata_props}


def module_of(node: onnx.NodeProto) -> str:
    """Path of the PyTorch module that a node came from, '' if the file does not say."""
    return (_list(node, _SCOPES)[:-1] or [""])[-1]


def classes_of(node: onnx.NodeProto) -> list[str]:
    """Full names of the classes of the PyTorch modules that a node lies in, outermost first."""
    return _list(node, _CLASSES)[:-1]


def is_of_matlab(node: onnx.NodeProto) -> bool:
    """Whether MATLAB's exporter wrote an operator of its own, for a layer that it cannot export.

    See https://github.com/onnx/onnx-tensorflow/issues/468.
    """
    return bool(node.domain.lower().startswith("com.mathworks"))


def _list(node: onnx.NodeProto, key: str) -> list[str]:
    """A list of texts in a node's metadata, empty if there is none."""
    for entry in node.metadata_props:
        if entry.key == key:
            try:
                return [str(name) for name in ast.literal_eval(entry.value)]
            except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
                return []
    return []
