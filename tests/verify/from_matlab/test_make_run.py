"""Networks tuned in MATLAB become runs, by MATLAB's ONNX exporter as modelled in `support`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from matlab_export import INPUT, LINEAR, as_matlab_exports
from training import train_run

from cifarx.export.bundle import Formats, bundle_run, write_bundle
from cifarx.export.from_torch.answers import make_answers
from cifarx.export.from_torch.calls import Example
from cifarx.export.network.interface import Input
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import Run, build_module, load_run
from cifarx.pytorch_models.run_images import sample_images
from cifarx.verify.from_matlab.make_run import Imported, ImportOptions, import_run
from cifarx.verify.ladder.logits import judge_outputs, make_truth


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder with runs/MODEL, model.onnx and model.mat of a network of the zoo."""
    made: dict[str, Path] = {}

    def folder(model: str) -> Path:
        if model not in made:
            made[model] = tmp_path_factory.mktemp(model)
            run = train_run(model, epochs=1, limit=60, out=made[model] / "runs" / model)
            write_bundle(bundle_run(run), made[model], "model", Formats(onnx=True, mat=True))
        return made[model]

    return folder


@pytest.fixture
def at(
    runs: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Run]:
    """Go to a copy of that folder."""

    def go(model: str) -> Run:
        shutil.copytree(runs(model), tmp_path / model)
        monkeypatch.chdir(tmp_path / model)
        return load_run(Path("runs") / model)

    return go


def exported(run: Run, **how: object) -> onnx.ModelProto:
    """tuned.onnx, written; by default with the run's normalisation in front."""
    contract = {"mean": run.record.mean, "std": run.record.std}
    model = as_matlab_exports(onnx.load("model.onnx"), **{**contract, **how})
    onnx.save(model, "tuned.onnx")
    return model


def imported(**options: object) -> Imported:
    return import_run(ImportOptions(Path("tuned.onnx"), **options))  # type: ignore[arg-type]


def refused(**options: object) -> str:
    before = sorted(Path().rglob("*"))
    with pytest.raises(UserError) as caught:
        imported(**options)
    assert sorted(Path().rglob("*")) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def halved(values: np.ndarray) -> np.ndarray:
    return values / 2


def plus_a_tenth(values: np.ndarray) -> np.ndarray:
    return values + np.float32(0.1)


@pytest.mark.parametrize(
    ("model", "linear"), [*(("lenet-tiny", each) for each in LINEAR), ("bn-tiny", "transposed")]
)
def test_weights_come_back_bit_for_bit_however_matlab_spells_layers(
    at: Callable[[str], Run], model: str, linear: str
) -> None:
    parent = at(model)
    exported(parent, linear=linear, tuned={"fc1_W": halved, "conv2_B": plus_a_tenth})
    new = imported()
    assert new.run.folder == Path("runs/tuned")
    was, now = parent.state(), new.run.state()
    assert list(was) == list(now)
    expected = {**was, "fc1.weight": was["fc1.weight"] / 2}
    expected["conv2.bias"] = was["conv2.bias"] + np.float32(0.1)
    for name, value in expected.items():
        assert now[name].dtype == value.dtype
        assert now[name].shape == value.shape
        assert now[name].tobytes() == value.tobytes(), name
    assert new.run.record.imported is not None
    assert new.run.record.imported.changed == ("conv2.bias", "fc1.weight")


def test_the_record_says_where_the_weights_are_from_and_keeps_what_a_run_needs(
    at: Callable[[str], Run],
) -> None:
    parent = at("lenet-tiny")
    exported(parent, tuned={"fc3_B": plus_a_tenth})
    record = imported(into="mine").run.record
    assert record.imported is not None
    assert record.imported.file == "tuned.onnx"
    assert len(record.imported.sha256) == 64
    assert record.imported.parent == "lenet-tiny"
    assert record.imported.parent_sha256 == parent.record.weights_sha256
    assert record.weights_sha256 != parent.record.weights_sha256
    changing = {"imported", "weights_sha256", "metrics", "created"}
    assert record.model_dump(exclude=changing) == parent.record.model_dump(exclude=changing)
    assert set(record.metrics) == {"test_loss", "test_accuracy"}


def test_accuracy_is_that_of_the_new_weights(at: Callable[[str], Run]) -> None:
    parent = at("lenet-tiny")
    always_7 = np.eye(10, dtype=np.float32)[7] * 1000
    exported(parent, tuned={"fc3_B": lambda bias: always_7})
    new = imported().run
    labels = sample_images(parent, parent.record.data.test_images).labels
    assert new.record.metrics["test_accuracy"] == pytest.approx(np.mean(labels == 7))
    assert new.record.metrics["test_loss"] > 100


def test_biases_that_pytorch_has_not_go_into_the_batch_norm(at: Callable[[str], Run]) -> None:
    parent = at("transfer-tiny")  # a residual network; its convolutions have no biases
    tuned = {"conv1_B": plus_a_tenth, "layer1_0_conv2_B": plus_a_tenth, "fc_W": halved}
    model = exported(parent, softmax=False, tuned=tuned)
    new = imported()
    assert any("conv1, layer1_0_conv2" in note for note in new.notes)
    shift = parent.state()["bn1.running_mean"] - np.float32(0.1)
    assert np.array_equal(new.run.state()["bn1.running_mean"], shift)
    pixels = np.random.RandomState(0).randint(0, 256, (8, 3, 32, 32)).astype(np.float32)
    mean, std = (v[:, None, None] for v in parent.mean_std())
    module = build_module(new.run)
    example = Example((Input(INPUT, (3, 32, 32)),))
    own, references = make_answers(module, example, [(pixels - mean) / std])
    truth = make_truth(references, own, "the new run")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (matlab,) = session.run(None, {INPUT: pixels})
    assert judge_outputs([matlab], truth).passed


def test_a_file_that_says_nothing_of_pixels_or_classes_is_taken_with_a_note(
    at: Callable[[str], Run],
) -> None:
    exported(at("lenet-tiny"), mean=(), std=())
    notes = imported().notes
    assert "tuned.onnx holds the weights of lenet-tiny, bit for bit; nothing was tuned" in notes
    assert any(
        "does not name its classes; they are assumed to be in the order of lenet-tiny" in n
        for n in notes
    )
    assert any("has no normalisation; that of lenet-tiny is assumed" in n for n in notes)


def test_another_normalisation_is_refused_with_both(at: Callable[[str], Run]) -> None:
    parent = at("lenet-tiny")
    exported(parent, mean=(1, 2, 3), std=(50, 60, 70))
    text = refused()
    assert (
        "it normalises pixels with the mean 1, 2, 3 and the std 50, 60, 70 in imageinput_Sub and "
        in text
    )
    assert f"the run with the mean {parent.record.mean[0]:.7g}" in text


def test_zerocenter_alone_is_another_normalisation(at: Callable[[str], Run]) -> None:
    exported(at("lenet-tiny"), std=())
    assert "and the std 1, 1, 1 in imageinput_Sub, the run with the mean" in refused()


def edited(edit: Callable[[onnx.GraphProto], object]) -> None:
    model = onnx.load("tuned.onnx")
    edit(model.graph)
    onnx.save(model, "tuned.onnx")


def node(graph: onnx.GraphProto, name: str) -> onnx.NodeProto:
    (found,) = (n for n in graph.node if n.name == name)
    return found


def without(graph: onnx.GraphProto, name: str) -> None:
    gone = node(graph, name)
    for other in graph.node:
        for i, given in enumerate(other.input):
            if given == gone.output[0]:
                other.input[i] = gone.input[0]
    graph.node.remove(gone)


def attribute(graph: onnx.GraphProto, name: str, key: str, value: object) -> None:
    (found,) = (a for a in node(graph, name).attribute if a.name == key)
    found.CopyFrom(onnx.helper.make_attribute(key, value))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda g: without(g, "norm2"), "norm2 (BatchNormalizationLayer, Scale 6) is missing"),
        (lambda g: without(g, "relu1"), "relu1 (ReLULayer) is missing"),
        (
            lambda g: setattr(node(g, "fc1_relu"), "op_type", "Tanh"),
            "fc1_relu (TanhLayer) is not in the run",
        ),
        (
            lambda g: attribute(g, "norm3", "epsilon", 1e-3),
            "norm3 has Epsilon 0.001, not 1e-05",
        ),
        (
            lambda g: attribute(g, "pool", "strides", [5, 5]),
            "pool has Stride (5, 5), not (8, 8)",
        ),
        (
            lambda g: attribute(g, "conv2", "pads", [1, 1, 0, 0]),
            "conv2 has Padding (1, 0, 1, 0), not (1, 1, 1, 1)",
        ),
        (
            lambda g: setattr(node(g, "conv1"), "name", "conv2"),
            "conv2 is in the place of conv1 of the run",
        ),
    ],
)
def test_what_a_run_cannot_hold_is_listed(
    at: Callable[[str], Run], edit: Callable[[onnx.GraphProto], object], said: str
) -> None:
    parent = at("bn-tiny")
    exported(parent)
    edited(edit)
    assert said in refused(run=parent.folder)


def test_weights_that_are_no_numbers_are_listed(at: Callable[[str], Run]) -> None:
    def spoilt(values: np.ndarray) -> np.ndarray:
        values.ravel()[:2] = np.nan, np.inf
        return values

    tuned = {"conv1_W": spoilt, "norm1_var": lambda v: -v}
    exported(at("bn-tiny"), tuned=tuned)
    text = refused()
    assert "conv1.Weights has 2 of 108 values that are NaN or Inf" in text
    assert "norm1.TrainedVariance has negative values" in text


def test_a_network_of_other_sizes_is_refused_with_the_sizes(at: Callable[[str], Run]) -> None:
    parent = at("lenet-tiny")
    edits = {"fc1_W": lambda w: w[:2], "fc1_B": lambda b: b[:2], "fc2_W": lambda w: w[:, :2]}
    model = as_matlab_exports(onnx.load("model.onnx"), tuned=edits)
    onnx.save(model, "tuned.onnx")
    text = refused(run=parent.folder)
    assert "fc1.Weights is 2 x 75, not 8 x 75" in text
    assert "fc2.Weights is 8 x 2, not 8 x 8" in text


def test_of_several_networks_the_one_with_the_files_layers_is_the_parent(
    at: Callable[[str], Run], runs: Callable[[str], Path]
) -> None:
    parent = at("lenet-tiny")
    shutil.copytree(runs("bn-tiny") / "runs" / "bn-tiny", "runs/bn-tiny")
    exported(parent)
    assert imported().parent.folder.name == "lenet-tiny"
    text = refused(run=Path("runs/bn-tiny"))
    assert "tuned.onnx cannot become a run of 'bn-tiny'" in text


def test_runs_that_mean_other_classes_must_be_told_apart_by_the_user(
    at: Callable[[str], Run],
) -> None:
    parent = at("lenet-tiny")
    shutil.copytree(parent.folder, "runs/other")
    path = Path("runs/other/run.json")
    path.write_text(path.read_text().replace(parent.record.classes[0], "Bananas"))
    exported(parent)
    text = refused()
    assert "does not say which run it came from, and several have its layers: " in text
    assert "lenet-tiny" in text
    assert "other" in text
    assert imported(run=parent.folder).parent.folder == parent.folder


def test_no_run_that_could_be_the_parent(at: Callable[[str], Run]) -> None:
    exported(at("lenet-tiny"))
    shutil.rmtree("runs")
    text = refused()
    assert "no run in runs/ here or beside the file has images of 3 x 32 x 32" in text
    assert "name that with --run RUN" in text
