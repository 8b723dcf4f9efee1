"""Ways to spoil an export, each as a function of the folder it lies in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from scipy.io import loadmat, savemat


def edit_onnx(folder: Path, edit: Callable[[onnx.ModelProto], object]) -> None:
    model = onnx.load(folder / "model.onnx")
    edit(model)
    onnx.save(model, folder / "model.onnx")


def edit_initializer(folder: Path, name: str, edit: Callable[[np.ndarray], np.ndarray]) -> None:
    def change(model: onnx.ModelProto) -> None:
        (tensor,) = (t for t in model.graph.initializer if t.name == name)
        value = np.ascontiguousarray(edit(numpy_helper.to_array(tensor).copy()))
        tensor.CopyFrom(numpy_helper.from_array(value, name))

    edit_onnx(folder, change)


def edit_attribute(folder: Path, node: str, attribute: str, value: Any) -> None:
    def change(model: onnx.ModelProto) -> None:
        (found,) = (n for n in model.graph.node if n.name == node)
        (old,) = (a for a in found.attribute if a.name == attribute)
        old.CopyFrom(onnx.helper.make_attribute(attribute, value))

    edit_onnx(folder, change)


def edit_metadata(folder: Path, key: str, edit: Callable[[Any], Any]) -> None:
    def change(model: onnx.ModelProto) -> None:
        (entry,) = (e for e in model.metadata_props if e.key == key)
        entry.value = json.dumps(edit(json.loads(entry.value)))

    edit_onnx(folder, change)


def edit_mat(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "model.mat"
    content = {k: v for k, v in loadmat(path).items() if not k.startswith("__")}
    edit(content)
    savemat(path, content, long_field_names=True)


def edit_layer(
    folder: Path, name: str, field: str, edit: Callable[[np.ndarray], np.ndarray]
) -> None:
    def change(content: dict[str, Any]) -> None:
        (layer,) = (item for item in content["layers"].ravel() if item["Name"].item() == name)
        layer[field] = edit(layer[field].copy())

    edit_mat(folder, change)


def flip_bit(array: np.ndarray) -> np.ndarray:
    """The lowest bit of the first element, one unit in its last place."""
    flat = array.ravel(order="K")
    flat[:1].view(np.uint32)[0] ^= 1
    return (
        flat.reshape(array.shape, order="A")
        if array.flags.f_contiguous
        else flat.reshape(array.shape)
    )


def swap_rows(array: np.ndarray) -> np.ndarray:
    array[[0, 1]] = array[[1, 0]]
    return array


def swap_names(names: list[str]) -> list[str]:
    return [names[1], names[0], *names[2:]]


def swap_cells(content: dict[str, Any]) -> None:
    classes = content["classes"]
    classes[0, 0], classes[0, 1] = classes[0, 1].copy(), classes[0, 0].copy()
