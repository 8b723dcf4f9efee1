"""Names, constants and nodes of a graph under construction."""

from __future__ import annotations

import numpy as np

from cifarx.export.network.layer import Array, Layer
from cifarx.export.network.names import Namer
from cifarx.export.to_onnx.graph_builder import Writing

ARRAYS = {"Scale": Array(np.arange(3, dtype=np.float32), "n.weight"),
          "Offset": Array(np.zeros(1, np.float32), "")}  # fmt: skip
LAYER = Layer("n", "ScalingLayer", ("image",), {}, ARRAYS)


def writing(output: str = "other") -> Writing:
    shapes = {"image": (3, 4, 5), "n": (3, 4, 5)}
    outputs = {output: ("logits", (3, 4, 5))}
    return Writing(14, Namer("image", "logits", "n"), shapes, outputs)


def test_the_last_node_of_a_layer_has_its_name_and_gives_its_output() -> None:
    made = writing()
    first = made.node("Mul", LAYER, ["image", "x"], "part")
    assert made.node("Add", LAYER, [first, "z"], axis=1) == "n"
    assert [(n.name, list(n.input), list(n.output)) for n in made.nodes] == [
        ("n_part", ["image", "x"], ["n_part"]),
        ("n", ["n_part", "z"], ["n"]),
    ]


def test_the_last_layer_gives_the_networks_output() -> None:
    made = writing("n")
    assert made.node("Relu", LAYER, made.inputs(LAYER)) == "logits"
    assert made.value("image") == "image"


def test_constants_are_float32_unless_they_are_sizes() -> None:
    made = writing()
    made.constant("size", np.array([1, -1], np.int64))
    made.constant("half", 0.5)
    assert [(n, a.dtype) for n, a in made.arrays] == [("size", np.int64), ("half", np.float32)]


def test_arrays_are_named_as_in_the_checkpoint_and_once() -> None:
    made = writing()
    assert made.arrays_of(LAYER) == ["n_weight", "n_Offset"]
    assert made.arrays_of(LAYER) == ["n_weight_2", "n_Offset_2"]


def test_an_array_by_channel_lines_up_with_maps() -> None:
    made = writing()
    made.along_channels(LAYER, "Scale")
    made.along_channels(LAYER, "Offset")
    assert [a.shape for _, a in made.arrays] == [(3, 1, 1), (1,)]
