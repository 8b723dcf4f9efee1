"""Modules called with several inputs, and their outputs by name."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cifarx.export.from_torch.calls import Example, called, named_outputs, output_names
from cifarx.export.from_torch.reader import exported_program
from cifarx.export.network.interface import Input
from cifarx.pytorch_models.errors import UserError

A, B, C = torch.zeros(2, 3), torch.ones(2, 3, 4, 4), torch.full((2,), 2.0)
Boxes = namedtuple("Boxes", "place size")


@pytest.mark.parametrize(
    ("outputs", "names"),
    [
        (A, ["logits"]),
        (B, ["output"]),
        (C, ["output"]),
        ((A,), ["output_1"]),
        ((A, B), ["output_1", "output_2"]),
        ([A, None, B], ["output_1", "output_3"]),
        ({"mask": B, "score": A}, ["mask", "score"]),
        ({"mask": B, "aux": None}, ["mask"]),
        ({"maps": [A, B], "rest": (C,)}, ["maps_1", "maps_2", "rest_1"]),
        ((A, (B, C)), ["output_1", "output_2_1", "output_2_2"]),
        (Boxes(A, B), ["place", "size"]),
        ((Boxes(A, B), C), ["output_1_place", "output_1_size", "output_2"]),
        ({"a_b": A, "a": {"b": B}}, ["a_b", "a_b_2"]),
        ({0: A, 1: B}, ["output_0", "output_1"]),
    ],
)
def test_outputs_have_the_names_of_their_places(outputs: Any, names: list[str]) -> None:
    found = named_outputs(outputs, "Net")
    assert list(found) == names
    assert len({id(tensor) for tensor in found.values()}) == len(names)


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ((A, "text"), "Net returns a str, not tensors in a tuple, list or dict"),
        ([A, 3], "Net returns a int"),
        (None, "Net returns no tensor"),
        ((), "Net returns no tensor"),
        ({"a": None}, "Net returns no tensor"),
    ],
)
def test_what_is_no_tensor_is_refused(outputs: Any, words: str) -> None:
    with pytest.raises(UserError, match=words):
        named_outputs(outputs, "Net")


class Split(nn.Module):
    def forward(self, image: Tensor, state: Tensor) -> dict[str, Any]:
        return {"first": (image * 2, None), "state": state - 1}


def test_inputs_are_passed_in_order_or_by_name() -> None:
    image, state = torch.randn(2, 3, 4, 4), torch.randn(2, 5)
    inputs = (Input("image", (3, 4, 4)), Input("state", (5,)))
    in_order = called(Split(), Example(inputs), [image, state])
    assert list(in_order) == ["first_1", "state"]
    assert torch.equal(in_order["first_1"], image * 2)
    turned = Example(inputs[::-1], ("state", "image"))
    by_name = called(Split(), turned, [state, image])
    assert torch.equal(by_name["first_1"], image * 2)
    assert torch.equal(by_name["state"], state - 1)


def test_a_traced_program_has_the_names_of_the_module() -> None:
    example = Example((Input("image", (3, 4, 4)), Input("state", (5,))))
    assert output_names(exported_program(Split().eval(), example)) == ["first_1", "state"]


def test_the_only_input_of_an_onnx_file_is_named_after_its_rank() -> None:
    for shape, name in (((3,), "features"), ((3, 9), "signal"), ((3, 9, 9), "image")):
        assert Example((Input("x", shape),)).names == [name]
    assert Example((Input("x", (3,)), Input("y", (3,)))).names == ["x", "y"]
