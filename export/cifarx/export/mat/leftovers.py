"""Find what a model.mat holds beyond its format, which no reader would show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cifarx.export.network.vocabulary import VOCABULARY

_SCIPYS = {"__header__", "__version__", "__globals__"}  # entries that loadmat makes itself
_FIELDS = {
    "format": {
        "name",
        "version",
        "producer",
        "model",
        "recipe",
        "checkpoint_sha256",
        "onnx_sha256",
        "arrays_sha256",
        "base_sha256",
        "ending",
    },
    "test": {"images", "inputs", "labels", "outputs", "reference"},
}
_ARRAYS = {
    "inputs": {"Name", "Size", "Format", "Normalization", "Mean", "StandardDeviation"},
    "outputs": {"Layer", "Name", "Size", "Format"},
}
_LISTS = {"layers", "classes", "task"}
_OF_EVERY_KIND = {"Name", "Kind", "Inputs", "Source", "Module", "Exact"}


def unaccounted(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of everything that the format has no place for, as MATLAB names it.

    Args:
        content: the variables as `scipy.io.loadmat` returns them, of a file that could be read, in
            version 2 of the format.
    """
    return (
        *(name for name in content if name not in {*_SCIPYS, *_FIELDS, *_ARRAYS, *_LISTS}),
        *(name for struct in _FIELDS for name in _of_struct(struct, content[struct])),
        *(
            f"{name}.{field}"
            for name, known in _ARRAYS.items()
            for field in content[name].dtype.names
            if field not in known
        ),
        *(name for item in content["layers"].ravel() for name in _of_layer(item)),
    )


def _of_struct(name: str, struct: Any) -> Iterator[str]:
    yield from (f"{name}.{field}" for field in struct.dtype.names if field not in _FIELDS[name])
    if "producer" in struct.dtype.names and struct["producer"][0, 0].dtype.kind != "U":
        yield f"{name}.producer"  # never read
    yield from (f"{name}({i})" for i in range(2, struct.size + 1))  # readers take the first


def _of_layer(layer: Any) -> Iterator[str]:
    """All layers have all fields, so a field counts only if it is not empty."""
    name = layer["Name"].item()
    kind = VOCABULARY[layer["Kind"].item()]
    known = {*_OF_EVERY_KIND, *kind.hyper, *kind.arrays}
    for field in layer.dtype.names:
        if field not in known and layer[field].size:
            yield f"{name}.{field}"
    for part in ("Source", "Exact"):
        if part not in layer.dtype.names or not layer[part].size:
            continue
        struct = layer[part]
        named = struct.dtype.names or ("",)
        yield from (f"{name}.{part}.{key}".rstrip(".") for key in named if key not in kind.arrays)
        yield from (f"{name}.{part}({i})" for i in range(2, struct.size + 1))
