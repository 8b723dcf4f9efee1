"""`cifarx import`: from a run through Octave, where it is tuned, and back to a run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faults
import numpy as np
import pytest
from scipy.io import savemat

from cifarx.export.from_torch.answers import make_answers
from cifarx.export.from_torch.calls import Example
from cifarx.export.mat.reader import read_mat
from cifarx.export.network.interface import Input
from cifarx.pytorch_models.run import Run, build_module, load_run
from cifarx.verify.ladder.logits import judge_outputs, make_truth

pytestmark = pytest.mark.usefixtures("unpainted")

Cifarx = Callable[..., Any]
Octave = Callable[[str], str]

TUNING = """
    net = cifarx.load('model.mat');
    head = numel(net.layers);
    assert(strcmp(net.layers(head).Kind, 'FullyConnectedLayer'));
    body = net;
    body.layers = net.layers(1:head - 1);
    features = size(net.layers(head).Weights, 2);
    body.outputs.Layer = net.layers(head).Inputs{1};
    body.outputs.Size = features;
    body.task = 'regression';
    body.classes = cell(1, 0);
    X = cifarx.predict(body, net.test.inputs);
    N = size(X, 2);
    wanted = zeros(numel(net.classes), N);
    wanted(sub2ind(size(wanted), net.test.labels, 1:N)) = 1;
    W = net.layers(head).Weights;
    b = net.layers(head).Bias;
    rate = single(0.5 / mean(sum(X .^ 2, 1) + 1));
    for i = 1:25
        Z = W * X + b;
        P = exp(Z - max(Z, [], 1));
        P = P ./ sum(P, 1);
        loss(i) = -mean(log(sum(P .* wanted, 1)));
        step = single(P - wanted) / single(N);
        W = W - rate * N / 10 * (step * X');
        b = b - rate * N / 10 * sum(step, 2);
    end
    net.layers(head).Weights = W;
    net.layers(head).Bias = b;
    printf('%.6f ', loss);
"""


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rejected(finished: Any) -> str:
    """The paragraph of a command that must have ended as a user's mistake."""
    assert finished.code == 2
    assert finished.out == ""
    paragraph = finished.err.splitlines()[-1]  # after the stages that were begun
    assert paragraph.startswith("cifarx: ")
    assert finished.err.count("cifarx: ") == 1
    assert "Traceback" not in finished.err
    return str(paragraph)


def answers_of_octave_and_pytorch_agree(run: Run, file: Path) -> bool:
    batch = read_mat(file).batch
    example = Example((Input("image", run.record.input_size),))
    own, references = make_answers(build_module(run), example, batch.inputs)
    return judge_outputs(batch.outputs, make_truth(references, own, "PyTorch")).passed


@pytest.mark.octave
@pytest.mark.parametrize(
    "model",
    [
        "lenet-tiny",
        *(pytest.param(m, marks=pytest.mark.slow) for m in ("bn-tiny", "transfer-tiny")),
    ],
)
def test_a_network_tuned_in_octave_is_a_run_that_exports_and_verifies(
    cifarx: Cifarx, octave: Octave, empty: Path, model: str
) -> None:
    cifarx("train", model, "--data", "shapes", "--limit", "100", "--epochs", "1")
    assert cifarx("export", "--mat").code == 0
    losses = [float(x) for x in octave(TUNING + "cifarx.save(net, 'tuned.mat');").split()]
    assert len(losses) == 25
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.999 * losses[0]

    imported = cifarx("import", "tuned.mat")
    assert imported.code == 0, imported.err
    check, last = imported.out.splitlines()
    assert check.startswith("PASSED | tuned.mat | logits 10x")
    assert last.startswith("runs/tuned: 2 of ")
    new, parent = load_run(Path("runs/tuned")), load_run(Path(f"runs/{model}-shapes"))
    assert answers_of_octave_and_pytorch_agree(new, Path("tuned.mat"))
    assert not answers_of_octave_and_pytorch_agree(parent, Path("tuned.mat"))
    assert new.record.imported is not None
    (bias, weight) = new.record.imported.changed
    assert (bias.rpartition(".")[2], weight.rpartition(".")[2]) == ("bias", "weight")

    assert cifarx("export", "--onnx", "--mat").out.startswith("runs/tuned: ")
    verified = cifarx("verify", "model.onnx")
    assert verified.code == 0, verified.out
    assert verified.out.splitlines()[-1].startswith("EQUIVALENT | ")
    assert "PASSED | octave " in verified.out


@pytest.mark.octave
@pytest.mark.parametrize("version", ["-v6", "-v7"])
def test_octaves_own_save_is_taken_as_well(
    cifarx: Cifarx, octave: Octave, work: Path, version: str
) -> None:
    octave(
        f"""
        net = cifarx.load('model.mat');
        net.layers(1).Weights(2, 1, 3, 4) = 0.25;
        save('{version}', 'raw.mat', '-struct', 'net');
        """
    )
    assert cifarx("import", "raw.mat").code == 0
    was, now = load_run(work / "runs/tiny").state(), load_run(work / "runs/raw").state()
    was["conv1.weight"][3, 2, 1, 0] = 0.25
    assert was.keys() == now.keys()
    assert all(was[name].tobytes() == now[name].tobytes() for name in was)


@pytest.mark.octave
def test_octaves_text_format_and_matlabs_7_3_are_refused(
    cifarx: Cifarx, octave: Octave, work: Path
) -> None:
    octave("net = cifarx.load('model.mat'); save('-text', 'text.mat', '-struct', 'net');")
    assert "text.mat cannot be read as a MAT-file" in rejected(cifarx("import", "text.mat"))
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    (work / "new.mat").write_bytes(head + b"\x89HDF\r\n\x1a\n" + bytes(400))
    text = rejected(cifarx("import", "new.mat"))
    assert "new.mat is a MAT-file of version 7.3, which is HDF5. Save it as version 6" in text


def test_nothing_tuned_is_said_and_still_a_run(cifarx: Cifarx, work: Path) -> None:
    finished = cifarx("import", "model.mat", "--into", "same")
    assert finished.code == 0
    assert (
        "note: model.mat holds the weights of tiny, bit for bit; nothing was tuned" in finished.out
    )
    assert finished.out.splitlines()[-1].startswith("runs/same: 0 of ")
    assert (work / "runs/same/model.safetensors").read_bytes() == (
        work / "runs/tiny/model.safetensors"
    ).read_bytes()
    assert cifarx("import", "model.onnx", "--into", "again").code == 0
    assert {p.name for p in (work / "runs").iterdir()} == {"tiny", "same", "again"}


def test_a_second_import_takes_a_number(cifarx: Cifarx, work: Path) -> None:
    assert cifarx("import", "model.mat").out.splitlines()[-1].startswith("runs/model: ")
    assert cifarx("import", "model.mat").out.splitlines()[-1].startswith("runs/model-2: ")


def test_the_new_run_trains_on(cifarx: Cifarx, work: Path) -> None:
    cifarx("import", "model.mat", "--into", "tuned")
    again = ["train", "--recipe", "runs/tuned/run.json", "--epochs", "1", "--out", "runs/on"]
    text = rejected(cifarx(*again))
    assert "were imported from model.mat" in text
    finished = cifarx(*again, "--weights", "runs/tuned/model.safetensors")
    assert finished.code == 0, finished.err
    assert "model.safetensors, SHA-256 " in load_run(work / "runs/on").record.pretrained


def layer(name: str, field: str, edit: Callable[[np.ndarray], Any]) -> Callable[[Path], None]:
    return lambda work: faults.edit_layer(work, name, field, edit)


def test_all_differences_stand_in_one_list(cifarx: Cifarx, work: Path) -> None:
    layer("pool", "Stride", lambda v: v - 1)(work)
    layer("norm1", "Epsilon", lambda v: v * 10)(work)
    faults.edit_mat(work, faults.swap_cells)
    text = rejected(cifarx("import", "model.mat"))
    assert "in another order" in text
    assert "Stride" in text
    assert "Epsilon" in text


def test_answers_that_are_not_the_networks_are_refused(cifarx: Cifarx, work: Path) -> None:
    def edit(content: dict[str, Any]) -> None:
        content["test"][0, 0]["reference"] = np.empty((0, 0))  # as cifarx.save leaves it
        content["test"][0, 0]["outputs"] = content["test"][0, 0]["outputs"] + np.float32(0.01)

    faults.edit_mat(work, edit)
    text = rejected(cifarx("import", "model.mat"))
    assert "With the weights of model.mat, PyTorch gives other outputs" in text
    assert [p.name for p in (work / "runs").iterdir()] == ["tiny"]


def test_the_run_is_gone(cifarx: Cifarx, work: Path) -> None:
    shutil.move(work / "runs", work / "elsewhere")
    alone = cifarx("import", "model.mat")
    assert alone.code == 0
    assert "note: imported as a network of its own. The run that model.mat" in alone.out
    assert "of the network 'bn-tiny'" in alone.out
    assert "name the run with --run RUN" in alone.out
    assert "PASSED | model.mat | " in alone.out
    assert (work / "runs/model/network.py").is_file()
    assert cifarx("import", "model.mat", "--run", "elsewhere/tiny", "--into", "run").code == 0
    was, now = (load_run(work / name).state() for name in ("elsewhere/tiny", "runs/run"))
    assert {n: x.tobytes() for n, x in was.items()} == {n: x.tobytes() for n, x in now.items()}


def test_a_network_that_never_was_a_run(cifarx: Cifarx, work: Path) -> None:
    def foreign(content: dict[str, Any]) -> None:
        content["format"][0, 0]["model"] = "resnet18"
        content["format"][0, 0]["checkpoint_sha256"] = "1" * 64

    faults.edit_mat(work, foreign)
    done = cifarx("import", "model.mat")
    assert done.code == 0
    assert "model.mat holds the network 'resnet18', which did not come from a run" in done.out
    assert "classification; source in runs/model/network.py" in done.out


def test_any_run_of_the_network_serves_as_the_parent(cifarx: Cifarx, work: Path) -> None:
    other = ["train", "bn-tiny", "--data", "shapes", "--limit", "100", "--epochs", "1"]
    assert cifarx(*other, "--seed", "5").code == 0
    weights = (work / "runs/tiny/model.safetensors").read_bytes()
    tensors = load_run(work / "runs/tiny").state()
    shutil.rmtree(work / "runs/tiny")
    finished = cifarx("import", "model.mat", "--run", "runs/bn-tiny-shapes")
    assert finished.code == 0
    assert "note: the tuning of model.mat started from other weights (SHA-256 " in finished.out
    new = load_run(work / "runs/model")
    for name, value in tensors.items():  # but for the counters of steps, which no file has
        if not name.endswith("num_batches_tracked"):
            assert new.state()[name].tobytes() == value.tobytes()
    assert len(weights) == new.weights.stat().st_size


def test_test_images_that_are_gone_are_noted(cifarx: Cifarx, work: Path) -> None:
    path = work / "runs/tiny/run.json"
    digest = load_run(path.parent).record.data.test_sha256
    path.write_text(path.read_text().replace(digest, "0" * 64))
    finished = cifarx("import", "model.mat")
    assert finished.code == 0
    assert "note: not tested: the test images of shapes have changed" in finished.out
    assert "%" not in finished.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.mat"], "nowhere.mat is not there"),
        (["nowhere.onnx"], "nowhere.onnx is not there"),
        (["runs"], "runs is named neither .mat nor .onnx"),
        (["model.mat", "--into", "tiny"], "runs/tiny already exists"),
        (["model.mat", "--into", "a/b"], "--into 'a/b' is not a name of a folder in runs/"),
        (["model.mat", "--into", ".."], "--into '..' is not a name of a folder in runs/"),
        (["model.mat", "--run", "model.mat"], "model.mat is not a run"),
        (["foreign.mat"], "it is not a cifarx model"),
    ],
)
def test_a_mistake_gets_one_paragraph(
    cifarx: Cifarx, work: Path, arguments: list[str], said: str
) -> None:
    savemat(work / "foreign.mat", {"x": 1.0})
    before = sorted(work.rglob("*"))
    assert said in rejected(cifarx("import", *arguments))
    assert sorted(work.rglob("*")) == before
