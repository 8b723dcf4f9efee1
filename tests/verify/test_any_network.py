"""Networks of every task are EQUIVALENT as they are, and with a fault they are not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import any_networks
import faults
import numpy as np
import onnx
import pytest
from refusals import assert_named, assert_refused, check

from cifarx.export.mat.reader import read_mat
from cifarx.export.network.compute import run_network
from cifarx.verify.engines.toolbox_path import toolbox_path
from cifarx.verify.findings.check import Outcome
from cifarx.verify.findings.engine import MATLAB_RESULT
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.report.html_report import as_html
from cifarx.verify.report.json_report import as_text, lines, read_report

Make = Callable[[str], Path]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Files of a network, made once."""
    made: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name)
            any_networks.write(name, made[name])
        return made[name]

    return of


@pytest.fixture
def make(written: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A copy of them in the current folder."""

    def copy(name: str) -> Path:
        shutil.copytree(written(name), tmp_path, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return copy


@pytest.mark.octave
@pytest.mark.parametrize("name", any_networks.SIZES)
def test_onnx_runtime_and_octave_are_equivalent(make: Make, name: str, octave_program: str) -> None:
    folder = make(name)
    result = check("onnxruntime", "onnxruntime-unoptimized", "octave")
    assert result.verdict is Verdict.EQUIVALENT, lines(result)
    assert result.task == any_networks.TASKS.get(name, "regression")
    for engine in result.engines:
        assert len(engine.layers) == engine.layers_in_all
        assert engine.marked is not None
    report = folder / "report.json"
    report.write_text(as_text(result))
    again = read_report(report)
    assert lines(again) == lines(result)
    assert as_html(again) == as_html(result)


def exchanged(model: onnx.ModelProto) -> None:
    """Names of two outputs are exchanged, with what they name."""
    names = {"left": "right", "right": "left"}
    for node in model.graph.node:
        node.output[:] = [names.get(name, name) for name in node.output]
        node.input[:] = [names.get(name, name) for name in node.input]


def reordered(model: onnx.ModelProto) -> None:
    maps, left, right = model.graph.output
    kept = [onnx.ValueInfoProto.FromString(o.SerializeToString()) for o in (maps, right, left)]
    del model.graph.output[:]
    model.graph.output.extend(kept)


def skip_swapped(model: onnx.ModelProto) -> None:
    (node,) = (node for node in model.graph.node if node.op_type == "Concat")
    node.input[:] = [*reversed(node.input)]


def column(model: onnx.ModelProto) -> None:
    """The value is [N, 1], not [N]."""
    value = model.graph.output[1]
    (node,) = (node for node in model.graph.node if value.name in node.output)
    node.CopyFrom(onnx.helper.make_node("Identity", [node.input[0]], [value.name], node.name))
    value.type.tensor_type.shape.dim.add().dim_value = 1


def transposed(array: np.ndarray) -> np.ndarray:
    return array.swapaxes(2, 3)


def scaled(array: np.ndarray) -> np.ndarray:
    return array * np.float32(1 + 1e-4)


def a_thousandth(array: np.ndarray) -> np.ndarray:
    return array + np.float32(1e-3) * (np.arange(len(array)) == 0)


def reversed_classes(array: np.ndarray) -> np.ndarray:
    return array[::-1]


INITIALIZERS: dict[str, tuple[str, str, Callable[[np.ndarray], np.ndarray], str]] = {
    "a transposed kernel": ("Segmenter", "up_weight", transposed, "up"),
    "a bias off by a thousandth": ("Segmenter", "head_bias", a_thousandth, "head"),
    "classes of pixels in another order": ("Segmenter", "head_weight", reversed_classes, "head"),
    "a small output beside a large one": ("Heads", "right_weight", scaled, "right_2"),
    "one number of a vector": ("Policy", "critic_bias", a_thousandth, "critic"),
    "a kernel of a signal": ("Signals", "x2_weight", scaled, "x2"),
    "a vector beside an image": ("ImageAndState", "state_weight", scaled, "state_2"),
    "features that become maps": ("Decoder", "wide_bias", a_thousandth, "wide"),
}


@pytest.mark.parametrize("fault", INITIALIZERS)
def test_a_wrong_number_is_caught_and_located(make: Make, fault: str) -> None:
    name, tensor, edit, layer = INITIALIZERS[fault]
    faults.edit_initializer(make(name), tensor, edit)
    result = check("onnxruntime")
    assert_refused(result)
    assert_named(result, layer, "found by local check")
    assert (result.verdict is Verdict.SAME_PREDICTIONS) <= (result.task != "regression")


def test_an_engines_line_names_the_output_that_is_wrong(make: Make) -> None:
    """The error is 1e-4 of a small output, and far below the rounding of a large one."""
    faults.edit_initializer(make("Heads"), "right_weight", scaled)
    (engine,) = check("onnxruntime").engines
    assert engine.judgement is not None
    maps, left, right = engine.judgement.every
    assert (maps.is_right, left.is_right, right.is_right) == (True, True, False)
    assert right.largest < maps.largest_allowed
    assert "worst output 'right' 3x64: RMS" in engine.check().detail


WIRING: dict[str, tuple[str, Callable[[onnx.ModelProto], None], str | None, str]] = {
    "outputs exchanged": (
        "Heads",
        exchanged,
        "left_2",
        "right_2 gives the output left, not left_2",
    ),
    "outputs in another order": (
        *("Heads", reordered, "left_2"),
        "has the outputs maps, right, left, in this order; model.mat has maps, left, right",
    ),
    "a concatenation the other way round": ("Segmenter", skip_swapped, "node_cat", "reads"),
    "another rank": ("Policy", column, None, "model.onnx (2,), (1,); model.mat (2,), ()"),
}


@pytest.mark.parametrize("fault", WIRING)
def test_wrong_wiring_is_caught_and_located(make: Make, fault: str) -> None:
    name, edit, layer, said = WIRING[fault]
    faults.edit_onnx(make(name), edit)
    result = check("onnxruntime")
    assert_refused(result)
    assert result.verdict is Verdict.DIFFERENT
    assert_named(result, layer, said)


def test_names_of_pixel_classes_in_another_order_change_the_meaning(make: Make) -> None:
    faults.edit_metadata(make("Segmenter"), "classes", lambda names: names[::-1])
    result = check("onnxruntime")
    assert result.verdict is Verdict.DIFFERENT
    assert result.contract.meaning_changed


def test_another_task_changes_the_meaning(make: Make) -> None:
    folder = make("Segmenter")

    def edit(model: onnx.ModelProto) -> None:
        for entry in model.metadata_props:
            if entry.key == "task":
                entry.value = "regression"

    faults.edit_onnx(folder, edit)
    result = check("onnxruntime")
    assert any("has task 'segmentation'" in fault for fault in result.contract.faults)
    assert result.verdict is Verdict.DIFFERENT


def labelled(folder: Path) -> None:
    """Write d.npz: inputs with what the network sees in them, three rows of ten otherwise."""
    x = np.random.RandomState(5).standard_normal((9, 3, 8, 10)).astype(np.float32)
    (maps,) = run_network(read_mat(folder / "model.mat").graph, [x])
    labels = maps.argmax(1)
    labels[:, 2] = -1
    labels[:, 5] = (labels[:, 5] + 1) % 4
    np.savez(folder / "d.npz", x=x, labels=labels)


def scores(result: Result) -> Any:
    assert result.pixel_accuracy is not None
    return result.pixel_accuracy


def test_labelled_pixels_are_scored_with_images_as_observations(make: Make) -> None:
    labelled(make("Segmenter"))
    result = check("onnxruntime", data="d.npz")
    assert result.verdict is Verdict.EQUIVALENT, lines(result)
    report = scores(result)
    assert (report.images, report.pixels, report.against) == (9, 9 * 70, "float64")
    truth, found = report.engines
    assert (truth.correct, found.correct) == (9 * 60, 9 * 60)
    assert 0.4 < truth.mean_iou == found.mean_iou < 0.9
    assert found.comparison.agree == 9 * 70
    # nine images could not show it, though all their 630 pixels agree
    assert not found.comparison.equivalent
    assert not found.comparison.enough
    (line,) = (text for text in lines(result) if text.startswith("PASSED | accuracy | onnx"))
    assert "85.71%" in line
    assert "too few images" in line
    assert "absent" not in as_html(result)


def test_pixels_that_a_fault_changes_are_counted_and_shown(make: Make) -> None:
    folder = make("Segmenter")
    labelled(folder)
    faults.edit_initializer(folder, "up_weight", transposed)
    result = check("onnxruntime", data="d.npz")
    assert result.verdict is Verdict.DIFFERENT
    _, found = scores(result).engines
    assert found.beyond_ties > 0
    (engine,) = result.engines
    assert engine.judgement is not None
    pixels = engine.judgement.pixels
    assert pixels is not None
    assert 0 < pixels.beyond_ties <= pixels.changed < pixels.pixels == 9 * 80
    assert pixels.mean_iou < 1
    assert any("FAILED | decisions" in text and "pixels changed" in text for text in lines(result))
    worst = result.maps[0]
    assert worst.title.startswith(f"input {engine.judgement.worst_image} in onnxruntime")
    assert [panel.caption for panel in worst.panels[:3]] == [
        *("input", "original in float64", "onnxruntime")
    ]
    page = as_html(result)
    assert page.count(worst.panels[3].png) == 1
    assert "another class" in worst.panels[3].caption


def test_labels_of_another_size_are_refused(make: Make) -> None:
    folder = make("Segmenter")
    x = np.zeros((2, 3, 8, 10), np.float32)
    np.savez(folder / "d.npz", x=x, labels=np.zeros((2, 8, 9), np.int64))
    with pytest.raises(Exception, match=r"labels .*8 x 9.* 8 x 10"):
        check("onnxruntime", data="d.npz")


def test_a_regression_is_measured_by_the_spread_of_its_output(make: Make) -> None:
    make("Signals")
    result = check("onnxruntime")
    (engine,) = result.engines
    assert engine.judgement is not None
    reference = read_mat(Path("model.mat")).batch.references[0]
    spread = np.sqrt(reference.var(axis=0).mean())
    assert engine.judgement.spread == pytest.approx(engine.judgement.largest / spread)
    decisions = next(c for c in result.checks() if c.name == "decisions")
    assert decisions.outcome is Outcome.PASSED
    assert "predicts no classes" in decisions.detail
    assert [row.title[:8] for row in result.signals] == [
        "input " + row.title[6:8] for row in result.signals
    ]
    assert as_html(result).count('class="signal"') == 2 * len(result.signals) > 0


@pytest.mark.octave
@pytest.mark.parametrize("name", ["Policy", "Segmenter", "ImageAndState"])
def test_what_the_toolbox_writes_elsewhere_is_judged(
    make: Make, name: str, octave: Callable[[str], str]
) -> None:
    folder = make(name)
    octave(f"addpath('{toolbox_path()}'); cifarx.verify('model.mat', 'LayerImages', 2);")
    assert (folder / "model.matlab-result.mat").exists()
    result = check("onnxruntime", MATLAB_RESULT)
    assert result.verdict is Verdict.EQUIVALENT, lines(result)
    report = next(e for e in result.engines if e.engine == MATLAB_RESULT)
    assert report.judgement is not None
    assert len(report.judgement.every) == (2 if name == "Policy" else 1)
