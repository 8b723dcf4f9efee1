"""Networks that resize, reduce, stack and pad are EQUIVALENT; with a fault they are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import faults
import pytest
from operator_networks import NETWORKS, SIZE
from refusals import assert_refused

from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.sources import SourceOptions, open_source
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import lines
from cifarx.verify.verify import verify


def export(name: str) -> None:
    source = open_source(f"operator_networks:{name}", SourceOptions(input_sizes=(SIZE,)))
    write_bundle(source.bundle, Path(), "model", Formats(onnx=True, mat=True))


def check(*engines: str) -> Result:
    return verify(VerifyOptions(Path("model.onnx"), engines))


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.octave
@pytest.mark.parametrize("name", NETWORKS)
def test_equivalent_in_onnx_runtime_and_octave(name: str, octave_program: str) -> None:
    export(name)
    result = check("onnxruntime", "octave")
    text = "\n".join(lines(result))
    assert result.verdict is Verdict.EQUIVALENT, text
    assert all(len(e.layers) == e.layers_in_all > 0 for e in result.engines if e.judgement), text


def attribute(node: str, name: str, value: str) -> Callable[[Path], None]:
    return lambda folder: faults.edit_attribute(folder, node, name, value)


FAULTS = {
    "aligned corners for half pixels": (
        "resizing",
        attribute("twice", "coordinate_transformation_mode", "align_corners"),
    ),
    "half pixels for aligned corners": (
        "resizing",
        attribute("aligned", "coordinate_transformation_mode", "half_pixel"),
    ),
    "nearest pixels for bilinear": ("resizing", attribute("odd", "mode", "nearest")),
    "another rounding": ("resizing", attribute("nearest", "nearest_mode", "ceil")),
    "another place of nearest pixels": (
        "resizing",
        attribute("smaller", "coordinate_transformation_mode", "align_corners"),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_file_is_caught(name: str) -> None:
    network, spoil = FAULTS[name]
    export(network)
    spoil(Path())
    assert_refused(check("onnxruntime"))
