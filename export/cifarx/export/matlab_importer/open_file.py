"""Open an ONNX file that need not be valid, without its side files."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.file_kind import other_kind

_NEXT = (
    "The check reads ONNX files: give one that torch.onnx.export or 'cifarx export --onnx' wrote."
)
_LARGEST = 2**31 - 1  # bytes, protobuf's limit


def load_unchecked(path: Path) -> onnx.ModelProto:
    """Read an ONNX file of any name, without its side files.

    It must have a graph, but need not be a valid model, as the check is for invalid files, too.

    Raises:
        UserError: it is missing, a folder, empty, of another kind, or cut short.
    """
    if not path.is_file():
        state = "is a folder" if path.is_dir() else "is not there"
        raise UserError(f"{path} {state}. {_NEXT}")
    try:
        if path.stat().st_size > _LARGEST:
            raise UserError(
                f"{path} is larger than 2 GB, the limit for a single ONNX file. Export it again "
                "with its weights in a side file."
            )
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}. {_NEXT}") from error
    kind = other_kind(content)
    if kind:
        raise UserError(f"{path} is {kind}, not an ONNX file. {_NEXT}")
    try:
        model = onnx.load_model_from_string(content)
    except (DecodeError, ValueError) as error:
        raise UserError(
            f"{path} is not an ONNX file, or it is damaged or cut short "
            f"({len(content):,} bytes). Copy or export it again. {_NEXT}"
        ) from error
    if not model.graph.node:
        raise UserError(f"{path} holds no network: its graph has no nodes. {_NEXT}")
    return model
