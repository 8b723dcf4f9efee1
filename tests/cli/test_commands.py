"""The commands as a user types them: what they print, leave behind and exit with."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faults
import pytest
from PIL import Image

from cifarx.cli import main
from cifarx.pytorch_models import registry

pytestmark = pytest.mark.usefixtures("unpainted")

Cifarx = Callable[..., Any]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, made the current one."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def rejected(finished: Any) -> str:
    """The paragraph of a command that must have ended as a user's mistake."""
    assert finished.code == 2
    assert finished.out == ""
    paragraph = finished.err.splitlines()[-1]  # after the stages that were begun
    assert paragraph.startswith("cifarx: ")
    assert finished.err.count("cifarx: ") == 1
    assert "Traceback" not in finished.err
    assert len(paragraph) > 60
    return str(paragraph)


def test_train_export_verify_in_an_empty_folder(cifarx: Cifarx, empty: Path) -> None:
    trained = cifarx("train", "bn-tiny", "--data", "shapes", "--limit", "200", "--epochs", "2")
    assert trained.code == 0
    assert trained.out.splitlines()[-1].startswith("runs/bn-tiny-shapes: ")
    assert trained.out.count("epoch ") == 2
    exported = cifarx("export", "--onnx", "--mat")
    assert exported.code == 0
    assert {p.name for p in empty.iterdir()} == {"runs", "model.onnx", "model.mat"}
    verified = cifarx("verify", "model.onnx", "--json", "r.json")
    assert verified.code == 0
    lines = verified.out.splitlines()
    assert lines[-1].startswith("EQUIVALENT | ")
    assert any(line.startswith("PASSED | onnxruntime ") for line in lines)
    assert json.loads((empty / "r.json").read_text())["verdict"] == "EQUIVALENT"


def test_the_version_is_the_distributions(cifarx: Cifarx, root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    shown = cifarx("--version")
    assert (shown.code, shown.out) == (0, f"cifarx {project['version']}\n")


def test_a_folder_of_images_is_data(cifarx: Cifarx, empty: Path) -> None:
    for colour in ("red", "green", "blue"):
        for i in range(10):
            path = empty / "d" / colour / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (32, 32), colour).save(path)
    assert cifarx("train", "bn-tiny", "--data", "d", "--epochs", "1").code == 0
    assert cifarx("export").code == 0
    assert cifarx("verify").code == 0


def test_only_what_is_asked_for_is_written_under_its_name(cifarx: Cifarx, work: Path) -> None:
    cifarx("export", "runs/tiny", "--mat", "--out", "there", "--name", "net")
    assert [p.name for p in (work / "there").iterdir()] == ["net.mat"]


def test_different_networks_exit_with_1(cifarx: Cifarx, work: Path) -> None:
    faults.edit_initializer(work, "conv2_weight", lambda w: w.swapaxes(2, 3))
    finished = cifarx("verify", "model.onnx")
    assert finished.code == 1
    assert "conv2_weight" in finished.out
    assert finished.out.splitlines()[-1].split(" | ")[0] in ("DIFFERENT", "SAME PREDICTIONS")


def test_accept_predictions_exits_with_0(cifarx: Cifarx, work: Path) -> None:
    faults.edit_initializer(work, "conv2_weight", faults.flip_bit)
    assert cifarx("verify").code == 1
    assert cifarx("verify", "--accept", "predictions").code == 0


def test_no_run_to_export(cifarx: Cifarx, empty: Path) -> None:
    text = rejected(cifarx("export", "--onnx", "--mat"))
    assert "There is no run to use" in text
    assert "cifarx train bn8" in text
    assert not list(empty.iterdir())


def test_an_unknown_network(cifarx: Cifarx, empty: Path) -> None:
    assert "Did you mean 'bn8'?" in rejected(cifarx("train", "bn08", "--data", "shapes"))
    assert not list(empty.iterdir())


def test_cifar10_neither_there_nor_to_be_had(
    cifarx: Cifarx, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import CIFAR10

    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    text = rejected(cifarx("train", "bn8"))
    assert "put cifar-10-python.tar.gz into" in text
    assert "--data shapes" in text
    assert not list(empty.iterdir())


@pytest.mark.parametrize("content", ["truncated", "text", "empty", "folder", "missing"])
def test_an_onnx_file_that_is_none(cifarx: Cifarx, work: Path, content: str) -> None:
    path = work / "model.onnx"
    whole = path.read_bytes()
    path.unlink()
    if content == "folder":
        path.mkdir()
    elif content != "missing":
        parts = {"truncated": whole[: len(whole) // 2], "text": b"hello\n" * 99, "empty": b""}
        path.write_bytes(parts[content])
    text = rejected(cifarx("verify", "model.onnx", "--json", "r.json"))
    assert "model.onnx" in text
    assert not (work / "r.json").exists()


@pytest.mark.parametrize("length", [0, 50, 5000, -100])
def test_a_truncated_mat_file(cifarx: Cifarx, work: Path, length: int) -> None:
    path = work / "model.mat"
    path.write_bytes(path.read_bytes()[:length])
    assert "model.mat cannot be read as a MAT-file" in rejected(cifarx("verify", "model.onnx"))


def test_a_folder_with_one_image_a_class(cifarx: Cifarx, empty: Path) -> None:
    for name in ("a", "b"):
        (empty / "d" / name).mkdir(parents=True)
        Image.new("RGB", (32, 32)).save(empty / "d" / name / "0.png")
    assert "only one image: a, b" in rejected(cifarx("train", "bn-tiny", "--data", "d"))


def test_images_resized_since_the_training_are_not_exported(cifarx: Cifarx, empty: Path) -> None:
    for size in (32, 64):
        for i in range(20):
            path = empty / "d" / "ab"[i % 2] / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.effect_noise((size, size), 99).convert("RGB").save(path)
        if size == 32:
            cifarx("train", "bn-tiny", "--data", "d", "--epochs", "1")
    assert "now have the size (3, 64, 64)" in rejected(cifarx("export"))
    assert not (empty / "model.onnx").exists()


def test_a_folder_with_no_images(cifarx: Cifarx, empty: Path) -> None:
    (empty / "d").mkdir()
    assert "There are no images in" in rejected(cifarx("train", "bn8", "--data", "d"))
    assert not (empty / "runs").exists()


def test_octave_asked_for_and_not_there(
    cifarx: Cifarx, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    text = rejected(cifarx("verify", "model.onnx", "--engines", "octave"))
    assert "GNU Octave is not installed" in text
    assert "apt-get install octave" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "nowhere"], "nowhere is not a run"),
        (["export", "model.onnx"], "model.onnx is the file to export"),
        (["verify", "--checkpoint", "runs/tiny/model.safetensors"], "is not a run"),
        (["demo", "--out", "model.onnx"], "model.onnx is not empty"),
        (["verify", "--json", "model.onnx"], "model.onnx cannot be both the model to verify and"),
        (["verify", "--json", "."], ". already exists and is not a JSON report"),
        (["export", "--opset", "9"], "--opset 9 is not supported"),
        (["export", "--name", "a b"], "--name 'a b'"),
        (["verify", "--engines", "matlob"], "'matlob' is not an engine"),
        (["verify", "--accept", "anything"], "--accept 'anything' is not allowed"),
        (["verify", "--checkpoint", "nowhere"], "nowhere is not a run"),
        (["train", "bn8", "--data", "nowhere"], "--data nowhere is not the name of a data set"),
        (["train", "bn8", "--data", "shapes", "--device", "gpu"], "--device gpu cannot be used"),
        (["train", "bn8", "--data", "shapes", "--out", "runs/tiny"], "already holds a run"),
    ],
)
def test_a_mistake_gets_one_paragraph(
    cifarx: Cifarx, work: Path, arguments: list[str], said: str
) -> None:
    before = sorted(work.rglob("*"))
    assert said in rejected(cifarx(*arguments))
    assert sorted(work.rglob("*")) == before


def test_data_that_are_gone_are_named_but_the_test_batch_still_serves(
    cifarx: Cifarx, empty: Path
) -> None:
    for name in ("a", "b"):
        for i in range(10):
            path = empty / "d" / name / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.effect_noise((32, 32), 99).convert("RGB").save(path)
    cifarx("train", "bn-tiny", "--data", "d", "--epochs", "1")
    cifarx("export")
    shutil.rmtree(empty / "d")
    verified = cifarx("verify")
    assert verified.code == 0
    assert verified.out.splitlines()[-1].endswith("images of the test batch in model.mat")
    (empty / "model.mat").unlink()
    assert "is not the name of a data set, a folder or a CSV file" in rejected(cifarx("verify"))


def test_ctrl_c_leaves_a_run_that_can_be_exported(empty: Path) -> None:
    command = [sys.executable, "-m", "cifarx.cli", "train", "bn-tiny", "--data", "shapes"]
    process = subprocess.Popen(
        [*command, "--limit", "500", "--epochs", "1000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (empty / "runs" / "bn-tiny-shapes" / "run.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("cifarx: Stopped. runs/bn-tiny-shapes holds the weights after epoch ")
    assert not list(empty.rglob("*.partial"))
    exported = subprocess.run(
        [sys.executable, "-m", "cifarx.cli", "export"], capture_output=True, text=True
    )
    assert exported.returncode == 0, exported.stderr


def test_matlab_path_is_the_folder_to_add(cifarx: Cifarx, root: Path) -> None:
    finished = cifarx("matlab-path")
    assert finished.out == f"{root / 'matlab' / 'toolbox'}\n"


def test_models_lists_the_zoo(cifarx: Cifarx) -> None:
    finished = cifarx("models")
    lines = {line.split()[0]: line for line in finished.out.splitlines()[1:]}
    assert set(lines) == set(registry.models())
    assert "3,529,034" in finished.out


def test_a_demo_folder_in_use_is_left_alone(cifarx: Cifarx, empty: Path) -> None:
    (empty / "demo").mkdir()
    (empty / "demo" / "mine").write_text("")
    assert "is not empty" in rejected(cifarx("demo"))


def test_a_console_of_few_characters_ends_no_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="latin-1") for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "argv", ["cifarx", "verify", "\u72ac.onnx"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main()
    print("SHA-256 1c8dec6de40f\u2026", flush=True)
    err.flush()
    assert end.value.code == 2
    assert err.buffer.getvalue().startswith(rb"cifarx: \u72ac.onnx is not there")
    assert out.buffer.getvalue() == b"SHA-256 1c8dec6de40f\\u2026\n"


def test_the_toolbox_can_be_copied_to_a_new_folder(cifarx: Cifarx, empty: Path, root: Path) -> None:
    finished = cifarx("matlab-path", "--copy", "to take/cifarx")
    copy = empty / "to take" / "cifarx"
    assert finished.out == f"{copy}\n"
    source = root / "matlab" / "toolbox"
    names = {p.relative_to(source) for p in source.rglob("*") if p.is_file()}
    assert {p.relative_to(copy) for p in copy.rglob("*") if p.is_file()} == names
    assert all((copy / name).read_bytes() == (source / name).read_bytes() for name in names)
    assert "exists already" in rejected(cifarx("matlab-path", "--copy", copy))
    (empty / "file").write_text("")
    assert "exists already" in rejected(cifarx("matlab-path", "--copy", "file"))
    assert "Cannot copy the toolbox" in rejected(cifarx("matlab-path", "--copy", "file/toolbox"))
    (empty / "folder").mkdir()
    assert cifarx("matlab-path", "--copy", "folder").code == 0
    assert {p.name for p in empty.iterdir()} == {"to take", "file", "folder"}
