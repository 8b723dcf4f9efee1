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


def edit_weights(folder: Path, edit: Callable[[np.ndarray], np.ndarray]) -> None:
    """Every weight and bias of layers, the constants of options left alone."""

    def change(model: onnx.ModelProto) -> None:
        for tensor in model.graph.initializer:
            value = numpy_helper.to_array(tensor)
            if value.ndim and value.dtype == np.float32:
                new = np.ascontiguousarray(edit(value.copy()))
                tensor.CopyFrom(numpy_helper.from_array(new, tensor.name))

    edit_onnx(folder, change)


def edit_node(folder: Path, name: str, edit: Callable[[onnx.NodeProto], object]) -> None:
    def change(model: onnx.ModelProto) -> None:
        (node,) = (n for n in model.graph.node if n.name == name)
        edit(node)

    edit_onnx(folder, change)


def replace_node(folder: Path, name: str, operator: str, **attributes: Any) -> None:
    """Another operator in a node's place, its inputs and output kept."""

    def change(node: onnx.NodeProto) -> None:
        node.op_type = operator
        del node.attribute[:]
        node.attribute.extend(onnx.helper.make_attribute(k, v) for k, v in attributes.items())

    edit_node(folder, name, change)


def insert_nodes(folder: Path, after: str, *nodes: onnx.NodeProto, **constants: Any) -> None:
    """Nodes behind the node `after`: the first reads 'x', the last gives 'y'."""

    def change(model: onnx.ModelProto) -> None:
        (place,) = (i for i, n in enumerate(model.graph.node) if n.name == after)
        node = model.graph.node[place]
        value, before = node.output[0], f"{after}_before"
        if value in [output.name for output in model.graph.output]:
            node.output[0] = before
            ends = {"x": before, "y": value}
        else:
            for other in model.graph.node:
                for i, name in enumerate(other.input):
                    if name == value:
                        other.input[i] = before
            ends = {"x": value, "y": before}
        for number, new in enumerate(nodes, start=place + 1):
            new.input[:] = [ends.get(name, name) for name in new.input]
            new.output[:] = [ends.get(name, name) for name in new.output]
            model.graph.node.insert(number, new)
        for name, constant in constants.items():
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(constant), name))

    edit_onnx(folder, change)


def remove_node(folder: Path, name: str) -> None:
    """What read the node's output reads its first input."""

    def change(model: onnx.ModelProto) -> None:
        (node,) = (n for n in model.graph.node if n.name == name)
        for other in model.graph.node:
            for i, value in enumerate(other.input):
                if value == node.output[0]:
                    other.input[i] = node.input[0]
        model.graph.node.remove(node)

    edit_onnx(folder, change)


def rename_everything(folder: Path) -> None:
    """Other names for all nodes and for all values but input and output."""

    def change(model: onnx.ModelProto) -> None:
        graph = model.graph
        kept = {value.name for value in (*graph.input, *graph.output)}
        names: dict[str, str] = {}

        def renamed(name: str) -> str:
            if not name or name in kept:
                return name
            return names.setdefault(name, f"v{len(names)}")

        for i, node in enumerate(graph.node):
            node.name = f"n{i}"
            node.input[:] = [renamed(name) for name in node.input]
            node.output[:] = [renamed(name) for name in node.output]
        for tensor in graph.initializer:
            tensor.name = renamed(tensor.name)

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


def half(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float16).astype(np.float32)


def bfloat16(array: np.ndarray) -> np.ndarray:
    """Rounded to the nearest number of 8 significant bits."""
    bits = np.ascontiguousarray(array).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return rounded.astype(np.uint32).view(np.float32).reshape(array.shape)


def int8(array: np.ndarray) -> np.ndarray:
    """Rounded to 255 levels between the largest absolute value and its negative."""
    step = np.abs(array).max() / 127 or 1.0
    return (np.round(array / step) * step).astype(np.float32)


def printed(array: np.ndarray) -> np.ndarray:
    """Through a text file of six digits."""
    return np.array([float(f"{x:.6g}") for x in array.ravel()], np.float32).reshape(array.shape)


def at(place: Any, edit: Callable[[Any], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """An edit of a part of an array."""

    def change(array: np.ndarray) -> np.ndarray:
        array[place] = edit(array[place])
        return array

    return change
