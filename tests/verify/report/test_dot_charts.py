"""Marks of a chart are where the scale puts them."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from cifarx.verify.report.dot_charts import (
    Mark,
    axis,
    definitions,
    key,
    ratio_scale,
    row,
    share_scale,
)


def test_a_decade_has_the_same_width_everywhere() -> None:
    scale = ratio_scale([1e-3, 1e2])
    places = [scale.at(10.0**p) for p in range(-3, 3)]
    steps = [b - a for a, b in pairwise(places)]
    assert steps == pytest.approx([steps[0]] * 5)
    assert scale.bound == pytest.approx(scale.at(1.0))


def test_shares_are_linear_and_their_ticks_round() -> None:
    scale = share_scale([0.86, 0.991])
    assert scale.at(0.9) - scale.at(0.88) == pytest.approx(scale.at(0.98) - scale.at(0.96))
    assert all(re.fullmatch(r"\d+%", tick.label) for tick in scale.ticks)
    for tick in scale.ticks:
        assert scale.at(int(tick.label[:-1]) / 100) == pytest.approx(tick.at)


def test_a_row_has_a_mark_and_an_interval_per_series() -> None:
    scale = share_scale([0.5, 1.0])
    marks = [Mark(0, 0.75, "a <b>", (0.5, 1.0)), Mark(1, 1.0, "c")]
    svg = ET.fromstring(row(scale, marks, 2, 'said "so"'))
    assert svg.get("aria-label") == 'said "so"'
    uses = svg.findall("use")
    assert [use.findtext("title") for use in uses] == ["a <b>", "c"]
    assert float(uses[0].get("x", "").rstrip("%")) == pytest.approx(scale.at(0.75), abs=0.01)
    (span,) = (line for line in svg.findall("line") if "span" in line.get("class", ""))
    ends = [float(span.get(x, "").rstrip("%")) for x in ("x1", "x2")]
    assert ends == pytest.approx([scale.at(0.5), scale.at(1.0)], abs=0.01)
    heights = {use.get("y") for use in uses}
    assert len(heights) == 2  # one below another


def test_every_series_looks_different() -> None:
    looks = {str(key(i)) for i in range(56)}
    assert len(looks) == 56
    shapes = {str(path.get("id")) for path in ET.fromstring(definitions()).iter("path")}
    used = {re.findall(r'href="#(\w+)"', look)[0] for look in looks}
    assert used == shapes


def test_an_axis_has_every_label() -> None:
    scale = ratio_scale([0.0, 0.5, float("inf")])
    labels = [text.text for text in ET.fromstring(axis(scale)).findall("text")]
    assert labels == [tick.label for tick in scale.ticks]
    assert (labels[0], labels[-1]) == ("0", "∞")
