"""What counts as a classifier, and images of which size."""

from __future__ import annotations

import pytest
from cifarx.export.network.classifier import (
    LARGEST_IMAGE,
    as_classifier,
    require_classifier,
    require_image_size,
)
from foreign_onnx import N, foreign

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.pytorch_models.errors import UserError


def test_maps_of_one_pixel_are_logits() -> None:
    graph = read_onnx(foreign([N("GlobalAveragePool", ["in put"], ["y"])], {}))
    found = as_classifier(graph)
    assert found.shapes()[found.output] == (2,)
    assert found.layers[-1].kind == "FlattenLayer"
    assert as_classifier(found) == found


def test_the_number_of_classes_is_that_of_logits() -> None:
    pooled = read_onnx(foreign([N("GlobalAveragePool", ["in put"], ["y"])], {}))
    assert require_classifier(as_classifier(pooled)) == 2
    with pytest.raises(UserError, match=r"2 x 6 x 7 numbers .* not one vector of logits"):
        require_classifier(read_onnx(foreign([N("Relu", ["in put"], ["y"])], {})))


def test_images_may_have_as_many_numbers_as_the_limit_and_no_more() -> None:
    require_image_size((1, 1, LARGEST_IMAGE))
    with pytest.raises(UserError, match="takes up to 67,108,864"):
        require_image_size((1, 1, LARGEST_IMAGE + 1))
