"""Metadata of an ONNX file: the model's own, and what torch.onnx.export writes beside its nodes."""

from __future__ import annotations

import ast

import onnx

_SCOPES = "pkg.torch.onnx.name_scopes"  # the modules that a node lies in, outermost first


def metadata(model: onnx.ModelProto) -> dict[str, str]:
    """The model's metadata_props; of a key that occurs twice, the last."""
    return {entry.key: entry.value for entry in model.metadata_props}


def module_of(node: onnx.NodeProto) -> str:
    """Path of the PyTorch module that a node came from, '' if the file does not say."""
    for entry in node.metadata_props:
        if entry.key == _SCOPES:
            try:
                return str(ast.literal_eval(entry.value)[-2])
            except (ValueError, SyntaxError, IndexError, TypeError, RecursionError, MemoryError):
                return ""
    return ""
