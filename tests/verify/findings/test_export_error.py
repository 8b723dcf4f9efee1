"""The limit of the export error."""

from __future__ import annotations

from math import inf, nan

import pytest

from cifarx.verify.findings.export_error import ExportError


@pytest.mark.parametrize(
    ("relative", "outcome"),
    [(0.0, "PASSED"), (2.0**-30, "PASSED"), (1e-9, "FAILED"), (inf, "FAILED"), (nan, "FAILED")],
)
def test_more_than_float64_rounding_fails(relative: float, outcome: str) -> None:
    check = ExportError("model.mat", 16, relative, "pytorch 2.9").check()
    assert check.outcome == outcome
    assert check.detail.startswith("model.mat in float64 on 16 images: ")
    assert ("allowed: 9.3e-10" in check.detail) == (outcome == "FAILED")


def test_no_image_is_no_pass() -> None:
    assert not ExportError("model.mat", 0, 0.0, "pytorch 2.9").passed
