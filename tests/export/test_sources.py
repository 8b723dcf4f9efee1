"""What can be exported besides runs: ONNX files and modules that Python can import."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from cifarx.export.mat.reader import read_mat
from cifarx.export.network.interface import Input

NETS = """
import torch
from torch import nn


class Widening(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 8)

    def forward(self, x):
        return self.conv(x.float())


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.ReLU())
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        return self.head(self.drop(self.body(x).mean((2, 3))))


class Two(Net):
    def forward(self, x):
        y = super().forward(x)
        return y, "note"


class Rounded(Net):
    def forward(self, x):
        return super().forward(torch.round(x))


def wide():
    return Net(width=6).eval()


def needy(width):
    return Net(width)


def broken():
    raise RuntimeError("no such file")


def half():
    return Net().half()


def seeded():
    torch.manual_seed(0)
    return Net()


def lazy():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.LazyLinear(5))


def quantised():
    return torch.ao.quantization.quantize_dynamic(Net(), {nn.Linear})


def signals():
    return nn.Conv1d(3, 4, 3)


def number():
    return 3


ready = Net().eval()
"""


SIZE = ("--input-size", "3,8,8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one, with a user's module `my_nets` in it."""
    (tmp_path / "my_nets.py").write_text(NETS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_nets", raising=False)
    return tmp_path


def answers(path: Path, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"image": x})[0])


def test_a_class_in_training_mode_is_exported_in_evaluation_mode_and_says_so(
    folder: Path, cifarx: Callable[..., object]
) -> None:
    done = cifarx("export", "my_nets:Net", "--input-size", "3,8,8")
    assert done.code == 0, done.err
    assert "note: my_nets:Net was in training mode and is exported in evaluation mode" in done.out
    assert "note: no --weights" in done.out
    assert "note: normalisation is unknown" in done.out
    file = read_mat(folder / "Net.mat")
    kinds = [layer.kind for layer in file.graph.layers]
    assert {"BatchNormalizationLayer", "DropoutLayer"} <= set(kinds)
    assert file.card.classes == tuple(f"class_{i}" for i in range(1, 6))
    logits = answers(folder / "Net.onnx", file.batch.inputs[0])
    np.testing.assert_allclose(logits, file.batch.reference, rtol=0, atol=1e-5)


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
def test_weights_go_into_the_module(
    ending: str, folder: Path, cifarx: Callable[..., object]
) -> None:
    done = cifarx("export", "my_nets:ready", "--input-size", "3,8,8", "--onnx", "--name", "first")
    assert done.code == 0, done.err
    state = {t.name: t for t in onnx.load(folder / "first.onnx").graph.initializer}
    assert "head_weight" in state
    import my_nets

    chosen = {name: torch.rand_like(t) if t.is_floating_point() else t
              for name, t in my_nets.Net().state_dict().items()}  # fmt: skip
    path = folder / f"w.{ending}"
    (save_file if ending == "safetensors" else torch.save)(chosen, path)
    done = cifarx("export", "my_nets:Net", "--input-size", "3,8,8", "--weights", path, "--onnx")
    assert done.code == 0, done.err
    assert "no --weights" not in done.out
    module = my_nets.Net().eval()
    module.load_state_dict(chosen)
    x = torch.randn(3, 3, 8, 8)
    with torch.no_grad():
        expected = module(x).numpy()
    np.testing.assert_allclose(answers(folder / "Net.onnx", x.numpy()), expected, atol=1e-5)


def test_what_the_user_says_of_pixels_and_classes_is_in_both_files(
    folder: Path, cifarx: Callable[..., object]
) -> None:
    (folder / "names.txt").write_text("\ufeffKäfer\nbird\n\ncat\ndeer\nelk\n", "utf-8")
    done = cifarx(
        "export", "my_nets:wide", "--input-size", "3,8,8", "--mean", "0.485,0.4,0.3",
        "--std", "0.229,0.5,0.2", "--classes", "names.txt",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "normalisation is unknown" not in done.out
    card = read_mat(folder / "wide.mat").card
    assert card.classes == ("Käfer", "bird", "cat", "deer", "elk")
    np.testing.assert_allclose(card.mean, [123.675, 102, 76.5])
    np.testing.assert_allclose(card.std, [58.395, 127.5, 51])
    batch = read_mat(folder / "wide.mat").batch
    assert batch.images.dtype == np.uint8
    assert batch.images.shape == batch.inputs[0].shape
    assert cifarx("verify", "wide.onnx", "--engines", "onnxruntime").code == 0
    again = cifarx("export", "wide.onnx", "--out", "again")
    assert again.code == 0, again.err
    assert read_mat(folder / "again" / "wide.mat").card == card


def test_an_onnx_file_of_somebody_else_is_exported(
    folder: Path, cifarx: Callable[..., object]
) -> None:
    import my_nets

    module = my_nets.wide()
    torch.onnx.export(
        module, (torch.zeros(1, 3, 8, 8),), "their net.onnx", dynamo=True, verbose=False
    )
    assert (folder / "their net.onnx.data").exists()  # the default: weights in a side file
    done = cifarx("export", "their net.onnx")
    assert done.code == 0, done.err
    assert "wrote their_net.onnx" in done.out
    assert "wrote their_net.mat" in done.out
    batch = read_mat(folder / "their_net.mat").batch
    x = torch.from_numpy(batch.inputs[0])
    with torch.no_grad():
        truth = module.double()(x.double()).numpy()
    np.testing.assert_allclose(batch.reference, truth, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        answers(folder / "their_net.onnx", batch.inputs[0]), truth, atol=1e-5
    )


def test_the_file_that_is_read_is_never_replaced(
    folder: Path, cifarx: Callable[..., object]
) -> None:
    assert cifarx("export", "my_nets:wide", "--input-size", "3,8,8").code == 0
    before = (folder / "wide.onnx").read_bytes()
    done = cifarx("export", "wide.onnx")
    assert done.code == 2
    assert "wide.onnx is the file to export" in done.err
    assert done.err.rstrip().endswith("--name wide_matlab.")
    assert (folder / "wide.onnx").read_bytes() == before
    assert cifarx("export", "wide.onnx", "--mat").code == 0
    assert cifarx("export", "wide.onnx", "--name", "other").code == 0
    assert (folder / "other.onnx").read_bytes() == before  # our own file gives itself


def test_a_module_gives_the_same_files_in_any_folder_and_process(folder: Path) -> None:
    command = [sys.executable, "-m", "cifarx.cli", "export", "my_nets:seeded", *SIZE]
    files = []
    for name in ("a", "b/c d"):
        place = folder / name
        place.mkdir(parents=True)
        (place / "my_nets.py").write_text(NETS)
        subprocess.run(command, cwd=place, check=True, capture_output=True)
        files.append([(place / f"seeded.{ending}").read_bytes() for ending in ("onnx", "mat")])
    assert files[0] == files[1]
    assert not any(str(folder).encode() in content for content in files[0])


def test_pytorchs_own_formats_compute_the_same(folder: Path, cifarx: Callable[..., object]) -> None:
    done = cifarx("export", "my_nets:ready", "--input-size", "3,8,8", "--pt2", "--torchscript")
    assert done.code == 0, done.err
    assert "importNetworkFromPyTorch" in done.out
    assert sorted(p.name for p in folder.glob("ready.*")) == ["ready.pt", "ready.pt2"]
    import my_nets

    x = torch.randn(1, 3, 8, 8)
    with torch.no_grad():
        expected = my_nets.ready(x).numpy()
        program = torch.export.load(folder / "ready.pt2").module()
        np.testing.assert_allclose(program(x).numpy(), expected, atol=1e-6)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that TorchScript is deprecated
            traced = torch.jit.load(folder / "ready.pt")
        np.testing.assert_allclose(traced(x).numpy(), expected, atol=1e-6)
    assert str(folder).encode() not in (folder / "ready.pt2").read_bytes()


def test_an_onnx_file_has_no_module_for_pytorchs_formats(
    folder: Path, cifarx: Callable[..., object]
) -> None:
    assert cifarx("export", "my_nets:ready", "--input-size", "3,8,8", "--onnx").code == 0
    done = cifarx("export", "ready.onnx", "--pt2", "--mat")
    assert done.code == 2
    assert "--pt2 and --torchscript need a PyTorch module" in done.err
    assert not (folder / "ready.mat").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("my_nets:Net",), "needs the size of its input: --input-size CHANNELS,HEIGHT,WIDTH"),
        (("my_nets:Net", "--input-size", "3,0"), "'3,0' is not CHANNELS,HEIGHT,WIDTH"),
        (
            ("my_nets:Net", "--input-size", "3,99999,99999"),
            "takes up to 67,108,864, as in images of 3 x",
        ),
        (("my_nets:Nett", *SIZE), "my_nets has nothing called 'Nett'. Did you mean 'Net'?"),
        (("no_such_nets:Net", *SIZE), "'no_such_nets' of no_such_nets:Net cannot be imported"),
        (("my_nets:needy", *SIZE), "cannot be called without arguments .*Write a function"),
        (("my_nets:broken", *SIZE), r"RuntimeError: no such file"),
        (("my_nets:number", *SIZE), "gives a int, not a torch.nn.Module"),
        (("my_nets:half", *SIZE), r"tensors that are not float32, such as .* \(float16\)"),
        (("my_nets:lazy", *SIZE), "my_nets:lazy has lazy layers, .* such as 2.weight. Run it once"),
        (("my_nets:quantised", *SIZE), "is quantised .part: head.*Export the float module"),
        (("my_nets:Two", *SIZE), "returns a str, not tensors in a tuple, list or dict"),
        (("my_nets:Rounded", *SIZE), "has parts that cifarx cannot convert .*Round"),
        (("my_nets:Net", "--input-size", "1,8,8"), "PyTorch cannot export the module Net"),
        (
            ("my_nets:Net", "--input-size", "8"),
            "the module Net: .* Does its forward take inputs of 8 .* once per input: CHANNELS",
        ),
        (("my_nets:Net", *SIZE, *SIZE), "inputs of 3 x 8 x 8 and 3 x 8 x 8"),
        (("my_nets:Net", *SIZE, "--input-name", "y"), "has no argument 'y'; it has x"),
        (
            ("my_nets:Net", *SIZE, "--input-name", "x", "--input-name", "z"),
            "2 names of --input-name for 1 sizes",
        ),
        (("my_nets:Net", *SIZE, "--task", "detection"), "--task 'detection' is not known"),
        (
            ("my_nets:Net", *SIZE, "--task", "segmentation"),
            "--task segmentation needs one output of maps .* gives 5 numbers per input",
        ),
        (
            ("my_nets:Net", *SIZE, "--task", "regression", "--classes", "five.txt"),
            "Class names need one output, .* is a regression. Leave --classes out",
        ),
        (
            ("my_nets:signals", "--input-size", "3,8", "--mean", "0", "--std", "1"),
            "pixels of an image, and the network takes 0 images",
        ),
        (("my_nets:Net", *SIZE, "--weights", "none.pt"), "--weights none.pt cannot be read"),
        (
            ("my_nets:Net", *SIZE, "--weights", "other.pt"),
            r"it lacks body.0.bias.*has in addition x",
        ),
        (("my_nets:Net", *SIZE, "--mean", "0.5"), "--mean and --std need 3 numbers each"),
        (("my_nets:Net", *SIZE, "--mean", "a,b"), "--mean 'a,b' is not a list of numbers"),
        (
            ("my_nets:Net", *SIZE, "--mean", "123,117,104", "--std", "58,57,57"),
            "--mean 123,117,104 --std 58,57,57 exceeds 1, .* pixels from 0 to 1.*: "
            "--mean 0.482353,0.458824,0.407843 --std 0.227451,0.223529,0.223529",
        ),
        (
            ("my_nets:Net", *SIZE, "--mean", "0.5,0.5,0.5", "--std", "51,51,51"),
            "255: --mean 0.5,0.5,0.5 --std 0.2,0.2,0.2",
        ),
        (("my_nets.py", *SIZE), "my_nets.py is a Python file.* my_nets:CALLABLE"),
        (("other.pt", *SIZE), "other.pt does not end in .onnx"),
        (
            ("my_nets:Net", *SIZE, "--classes", "latin1.txt"),
            r"latin1.txt is not UTF-8 text \(byte 2 is 0xE4\)\. Save it as UTF-8",
        ),
        (("my_nets:Net", *SIZE, "--classes", "utf16.txt"), "utf16.txt is not UTF-8 text"),
        (
            ("my_nets:Net", *SIZE, "--classes", "nul.txt"),
            r"has a name with control characters, 'b\\x00d'",
        ),
        (("my_nets:Net", *SIZE, "--mean", "1,1,1", "--std", "1,1,0"), "those of --std above 0"),
        (("my_nets:Net", *SIZE, "--classes", "my_nets.py"), "names, but the network gives 5"),
        (("my_nets:Net", *SIZE, "--classes", "twice.txt"), "twice.txt has 'b' twice. Give every"),
        (("my_nets:Net", *SIZE, "--opset", "13"), "--opset 13 is not supported"),
        (("my_nets:Net", *SIZE, "--name", "a b"), "--name 'a b' is not a MATLAB identifier"),
        (("nothing here",), "nothing here"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # that quantisation is deprecated
def test_a_mistake_gets_one_paragraph(
    arguments: tuple[str, ...], complaint: str, folder: Path, cifarx: Callable[..., object]
) -> None:
    torch.save({"x": torch.zeros(2)}, folder / "other.pt")
    (folder / "latin1.txt").write_text("Käfer\nb\nc\nd\ne\n", "latin-1")
    (folder / "utf16.txt").write_text("a\nb\nc\nd\ne\n", "utf-16")
    (folder / "nul.txt").write_text("a\nb\0d\nc\nd\ne\n")
    (folder / "five.txt").write_text("a\nb\nc\nd\ne\n")
    (folder / "twice.txt").write_text("a\nb\nc\nb\ne\n")
    before = {p.name for p in folder.iterdir()} | {"__pycache__"}
    done = cifarx("export", *arguments)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert re.search(complaint, done.err), done.err
    assert {p.name for p in folder.iterdir()} | {"__pycache__"} == before


def test_a_part_left_in_training_mode_is_refused() -> None:
    from cifarx.export.from_torch.reader import graph_from_module
    from cifarx.pytorch_models.errors import UserError

    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval()
    module[1].train()
    with pytest.raises(UserError, match="is in training mode in its part 1"):
        graph_from_module(module, [Input("image", (3, 8, 8))])


def test_a_module_that_computes_in_float32_alone_is_exported_and_verifies(
    folder: Path, cifarx: Callable[..., object]
) -> None:
    done = cifarx("export", "my_nets:Widening", *SIZE, "--onnx", "--mat")
    assert done.code == 0, done.err
    assert "it computes in float32 only" in done.out
    assert cifarx("verify", "Widening.onnx", "--engines", "onnxruntime").code == 0


def test_weights_in_a_checkpoint_are_exported_and_a_note_says_what_was_unwrapped(
    folder: Path, cifarx: Callable[..., object]
) -> None:
    import my_nets

    net = my_nets.Net()
    torch.save(net.state_dict(), "plain.pt")
    torch.save({"state_dict": nn.DataParallel(net).state_dict(), "epoch": 3}, "last.ckpt")
    for name in ("plain.pt", "last.ckpt"):
        given = ("--weights", name, "--onnx", "--name", name.partition(".")[0])
        done = cifarx("export", "my_nets:Net", *SIZE, *given)
        assert done.code == 0, done.err
    said = "note: last.ckpt: the state dict was found under 'state_dict'; the prefix 'module.' was"
    assert said in done.out
    assert tensors(folder / "last.onnx") == tensors(folder / "plain.onnx")


def tensors(path: Path) -> dict[str, bytes]:
    return {t.name: t.raw_data for t in onnx.load(path).graph.initializer}


def traced(path: str) -> None:
    import my_nets

    torch.jit.save(torch.jit.trace(my_nets.ready, torch.zeros(1, 3, 8, 8)), path)


def twice(path: str) -> None:
    import my_nets

    state = my_nets.Net().state_dict()
    torch.save({"model": state, "ema": state}, path)


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize(
    ("save", "complaint"),
    [
        (lambda path: torch.save(nn.Linear(2, 2), path), "whole module, a pickle .*torch.save"),
        (traced, r"w.pt is a TorchScript archive .*torch.save\(model.state_dict"),
        (twice, "under 'ema' and 'model', which fit .*Save the one to use"),
        (
            lambda path: torch.save({"net": {"module.x": torch.ones(1)}}, path),
            r"w.pt \(the state dict was found under 'net'\) does not fit the network: it lacks",
        ),
    ],
)
def test_a_file_of_weights_that_is_no_state_dict_gets_one_paragraph_and_nothing_is_written(
    folder: Path, cifarx: Callable[..., object], save: Callable[[str], None], complaint: str
) -> None:
    save("w.pt")
    before = {p.name for p in folder.iterdir()} | {"__pycache__"}
    done = cifarx("export", "my_nets:Net", *SIZE, "--weights", "w.pt")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert re.search(complaint, done.err), done.err
    assert {p.name for p in folder.iterdir()} | {"__pycache__"} == before
