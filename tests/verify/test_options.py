"""The options of verify: which of them a report names, and how few images are too few."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.options import ALL_IMAGES, VerifyOptions, require_images

PLAIN = VerifyOptions(Path("model.onnx"))


def test_the_numbers_of_images_are_always_named() -> None:
    assert PLAIN.asked() == {"--images": "256", "--layer-images": "32"}
    few = replace(PLAIN, images=7, layer_images=3)
    assert few.asked() == {"--images": "7", "--layer-images": "3"}


@pytest.mark.parametrize(
    ("given", "name", "text"),
    [
        ({"engines": ("octave", "onnxruntime")}, "--engines", "octave,onnxruntime"),
        ({"accuracy_images": 500}, "--accuracy", "500"),
        ({"accuracy_images": ALL_IMAGES}, "--accuracy", "all"),
        ({"data": "photos"}, "--data", "photos"),
        ({"tolerance": (1e-5, 0.001)}, "--rtol", "0.001"),
        ({"tolerance": (1e-5, 0.001)}, "--atol", "1e-05"),
    ],
)
def test_what_else_was_given_is_named_as_on_the_command_line(
    given: dict[str, object], name: str, text: str
) -> None:
    assert replace(PLAIN, **given).asked()[name] == text
    assert name not in PLAIN.asked()


def test_what_does_not_decide_what_is_compared_is_left_out() -> None:
    assert replace(PLAIN, accept_predictions=True).asked() == PLAIN.asked()


@pytest.mark.parametrize("count", [0, -1])
@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("images", "--images"),
        ("layer_images", "--layer-images"),
        ("accuracy_images", "--accuracy"),
    ],
)
def test_fewer_images_than_one_are_refused(field: str, name: str, count: int) -> None:
    require_images(replace(PLAIN, **{field: 1}))
    with pytest.raises(UserError, match=f"{name} {count} would compare nothing"):
        require_images(replace(PLAIN, **{field: count}))
