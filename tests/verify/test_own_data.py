"""`verify --data`: networks that are not runs, judged and scored on the user's own inputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import computed_constants
import faults
import numpy as np
import pytest
from PIL import Image

from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.model_contract import SourceOptions
from cifarx.export.sources import open_source
from cifarx.pytorch_models.errors import UserError
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.verify import verify

SIZE = computed_constants.SIZE
Command = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files whose labels are what the network predicts but for one in ten: x.npz."""
    computed_constants.write("normed", tmp_path)
    monkeypatch.chdir(tmp_path)
    x = np.random.RandomState(3).standard_normal((30, *SIZE)).astype(np.float32)
    labels = computed_constants.in_float64("normed", x).argmax(1)
    labels[::10] = (labels[::10] + 1) % computed_constants.CLASSES
    np.savez(tmp_path / "x.npz", x=x, labels=labels)
    np.save(tmp_path / "x.npy", x)
    return tmp_path


def checked(data: str, *engines: str, **options: Any) -> Result:
    asked = engines or ("onnxruntime", "onnxruntime-unoptimized")
    return verify(VerifyOptions(Path("model.onnx"), asked, layer_images=4, data=data, **options))


def test_the_users_inputs_are_compared_against_model_mats_layers_in_float64(folder: Path) -> None:
    result = checked("x.npy")
    assert result.verdict is Verdict.EQUIVALENT
    assert result.truth == "model.mat's layers in float64"
    assert (result.images.count, result.images.origin) == (30, "inputs in x.npy")
    assert result.accuracy is None
    assert "no file states how pixels are normalised" in result.contract.check(30).line()
    assert result.environment.options["--data"] == "x.npy"


def test_labels_are_scored_with_the_accuracy_of_float64_first(folder: Path) -> None:
    result = checked("x.npz")
    assert result.verdict is Verdict.EQUIVALENT
    assert result.accuracy is not None
    first, *others = result.accuracy.runtimes
    assert first.engine == result.accuracy.against == "float64"
    assert [r.engine for r in others] == ["onnxruntime", "onnxruntime-unoptimized"]
    for runtime in result.accuracy.runtimes:
        assert (runtime.overall.correct, runtime.overall.images) == (27, 30)
    assert all(r.comparison is not None and r.comparison.agree == 30 for r in others)
    lines = [check.line() for check in result.accuracy.checks()]
    assert lines[0].startswith("PASSED | accuracy | float64 90.00%")
    assert "McNemar p 1.00" in lines[1]


def test_predictions_that_a_fault_changes_are_counted_against_float64(folder: Path) -> None:
    (weights,) = (
        t.name for t in faults.onnx.load("model.onnx").graph.initializer if list(t.dims) == [4, 96]
    )
    faults.edit_initializer(folder, weights, faults.swap_rows)
    result = checked("x.npz")
    assert result.verdict is Verdict.DIFFERENT
    assert result.accuracy is not None
    truth, found, _ = result.accuracy.runtimes
    assert (truth.overall.correct, found.overall.correct < 27) == (27, True)
    assert found.changed
    assert "predictions that differ from float64's" in result.accuracy.checks()[1].line()
    assert result.pictures == ()  # there are labels, but no pixels


def test_fewer_inputs_may_be_asked_for_but_one_per_class(folder: Path) -> None:
    assert checked("x.npz", images=7).images.count == 7
    assert checked("x.npz", images=1).images.count == computed_constants.CLASSES


@pytest.mark.octave
def test_octave_takes_the_users_inputs(folder: Path, octave_program: str) -> None:
    result = checked("x.npz", "octave")
    assert result.verdict is Verdict.EQUIVALENT


@pytest.fixture
def photos(folder: Path) -> Path:
    """Files of a network whose normalisation and classes are known, and class folders."""
    random = np.random.RandomState(5)
    for name in ("ant", "bee", "cow", "dog"):
        place = folder / "photos" / name
        place.mkdir(parents=True)
        for i in range(5):
            pixels = random.randint(0, 256, (SIZE[1], SIZE[2], 3), np.uint8)
            Image.fromarray(pixels).save(place / f"{i}.png")
    options = SourceOptions(mean=(0.5,) * 3, std=(0.25,) * 3, data="photos")
    bundle = open_source("model.onnx", options).bundle
    write_bundle(bundle, folder, "photo_net", Formats(onnx=True, mat=True))
    return folder


def test_images_of_class_folders_are_normalised_named_and_scored(
    photos: Path, cifarx: Command
) -> None:
    engines = ("--engines", "onnxruntime")
    done = cifarx("verify", "photo_net.onnx", "--data", "photos", *engines)
    assert done.code == 0, done.out + done.err
    assert "normalised identically by python, photo_net.mat" in done.out
    assert done.out.splitlines()[-1].endswith("images of photos")
    assert "accuracy | float64" in done.out


def test_changed_predictions_of_the_users_images_are_shown(photos: Path) -> None:
    (photos / "photo_net.onnx").rename(photos / "model.onnx")
    (photos / "photo_net.mat").rename(photos / "model.mat")
    (weights,) = (
        t.name for t in faults.onnx.load("model.onnx").graph.initializer if list(t.dims) == [4, 96]
    )
    faults.edit_initializer(photos, weights, faults.swap_rows)
    result = checked("photos")
    assert result.pictures
    assert {p.label for p in result.pictures} <= {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("gone.npy", "is not a file"),
        ("pixels.npy", "has pixels, and how the network's inputs are made of them is unknown"),
        ("small.npy", "has inputs of 3 x 2 x 2"),
        ("five.npz", "has the label 4, but the network gives 4 logits"),
    ],
)
def test_data_that_do_not_fit_end_the_check(folder: Path, data: str, words: str) -> None:
    np.save("pixels.npy", np.zeros((2, *SIZE), np.uint8))
    np.save("small.npy", np.zeros((2, 3, 2, 2), np.float32))
    np.savez("five.npz", x=np.zeros((5, *SIZE), np.float32), y=np.arange(5))
    with pytest.raises(UserError) as caught:
        checked(data)
    assert words in str(caught.value)


def test_a_runs_own_images_are_not_replaced(work: Path) -> None:
    with pytest.raises(UserError, match=r"--data cannot be used here: .* come from the run"):
        checked("shapes")
