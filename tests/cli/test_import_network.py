"""`cifarx import` of files without a parent run: networks of their own, and their export."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from network_source import outputs_of_source
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file
from task_networks import TASK_NETWORKS

from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.mat.reader import read_mat
from cifarx.export.model_contract import SourceOptions
from cifarx.export.sources import open_source
from cifarx.pytorch_models.files import sha256
from cifarx.pytorch_models.imported.folder import build_imported, load_imported
from cifarx.verify.from_matlab.make_network import import_network
from cifarx.verify.from_matlab.make_run import ImportOptions

Cifarx = Callable[..., Any]
Octave = Callable[[str], str]
NAMES = ("mish", "unet", "image_and_state", "actor_critic", "ecg")


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """NAME.onnx and NAME.mat of networks that never were runs, and runs/imported, which is made
    of unet.onnx; tests must not change them.
    """
    folder = tmp_path_factory.mktemp("exports")
    for name in NAMES:
        network = TASK_NETWORKS[name]
        options = SourceOptions(input_sizes=network.sizes, task=network.asked)
        source = open_source(f"task_networks:{name}", options)
        write_bundle(source.bundle, folder, name, Formats(onnx=True, mat=True))
    with contextlib.chdir(folder):
        import_network(ImportOptions(Path("unet.onnx"), "imported"))
    return folder


@pytest.fixture
def here(exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder, made the current one, with the files in it."""
    for path in exports.glob("*.*"):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rejected(finished: Any) -> str:
    """The paragraph of a command that must have ended as a user's mistake."""
    assert finished.code == 2
    assert finished.out == ""
    assert finished.err.count("cifarx: ") == 1
    assert "Traceback" not in finished.err
    return str(finished.err.splitlines()[-1])


def network_in(path: Path) -> onnx.GraphProto:
    """The graph with initializers that are numbered, because these are named after tensors."""
    graph = onnx.load(path).graph
    new = {tensor.name: f"t{i}" for i, tensor in enumerate(graph.initializer)}
    for tensor in graph.initializer:
        tensor.name = new[tensor.name]
    for node in graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
    return graph


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", ["onnx", "mat"])
def test_a_file_becomes_a_run_that_exports_the_same_file(
    cifarx: Cifarx, here: Path, name: str, ending: str
) -> None:
    done = cifarx("import", f"{name}.{ending}")
    assert done.code == 0, done.err
    assert done.out.startswith("note: imported as a network of its own. ")
    (check,) = (line for line in done.out.splitlines() if line.startswith("PASSED | "))
    assert f"| {'ONNX Runtime' if ending == 'onnx' else f'{name}.mat'} |" in check
    task = TASK_NETWORKS[name].task
    assert done.out.splitlines()[-1].startswith(f"runs/{name}: ")
    assert f", {task}; source in runs/{name}/network.py" in done.out.splitlines()[-1]
    folder = here / "runs" / name
    names = {"model.safetensors", "network.json", "network.py", "run.json"}
    assert {path.name for path in folder.iterdir()} == names
    run = load_imported(folder)
    assert run.record.file == f"{name}.{ending}"
    assert run.record.file_sha256 == sha256(here / f"{name}.{ending}")
    assert run.record.weights_sha256 == sha256(folder / "model.safetensors")

    inputs = read_mat(here / f"{name}.mat").batch.inputs
    with torch.no_grad():
        own = build_imported(run)(*map(torch.from_numpy, inputs))
    (found,) = outputs_of_source([folder], [inputs])
    own = own.values() if isinstance(own, dict) else [own]
    assert [x.numpy().tobytes() for x in own] == [x.tobytes() for x in found]

    exported = cifarx("export", f"runs/{name}", "--onnx", "--mat", "--name", "again")
    assert exported.code == 0, exported.err
    assert network_in(here / f"{name}.onnx") == network_in(here / "again.onnx")
    first, again = (read_mat(here / f"{stem}.mat") for stem in (name, "again"))
    assert first.arrays_sha256 == again.arrays_sha256
    assert (first.card.classes, first.card.task) == (again.card.classes, again.card.task)


def test_names_of_folders(cifarx: Cifarx, here: Path) -> None:
    for folder in ("mish", "mish-2"):
        assert cifarx("import", "mish.onnx").out.splitlines()[-1].startswith(f"runs/{folder}: ")
    last = cifarx("import", "mish.onnx", "--into", "mine").out.splitlines()[-1]
    assert last.startswith("runs/mine: ")
    assert "runs/mine already exists" in rejected(cifarx("import", "mish.mat", "--into", "mine"))
    assert sorted(p.name for p in (here / "runs").iterdir()) == ["mine", "mish", "mish-2"]


def test_a_named_parent_is_not_replaced_by_a_network_of_its_own(cifarx: Cifarx, here: Path) -> None:
    assert cifarx("import", "mish.onnx").code == 0
    text = rejected(cifarx("import", "unet.onnx", "--run", "runs/mish"))
    assert "classifiers of images" in text
    text = rejected(cifarx("import", "mish.onnx", "--run", "runs/mish"))
    assert "runs/mish holds a network that 'cifarx import' made" in text
    assert [p.name for p in (here / "runs").iterdir()] == ["mish"]


def test_the_newest_run_may_be_an_imported_one(cifarx: Cifarx, here: Path) -> None:
    assert cifarx("import", "unet.onnx").code == 0
    assert cifarx("export", "--mat", "--name", "again").out.startswith("runs/unet: ")
    assert read_mat(here / "again.mat").card.task == "segmentation"


def test_a_note_says_what_the_file_does_not(cifarx: Cifarx, here: Path) -> None:
    model = onnx.load(here / "mish.onnx")
    del model.metadata_props[:]
    onnx.save(model, here / "plain.onnx")
    out = cifarx("import", "plain.onnx").out
    assert "note: plain.onnx does not say how pixels are normalised" in out
    assert "note: plain.onnx names no classes; they are called class_1 to class_10" in out
    assert "--mean" not in out  # an option of export
    assert load_imported(here / "runs/plain").record.classes[:2] == ("class_1", "class_2")


@pytest.mark.octave
def test_octaves_weights_arrive_bit_for_bit(cifarx: Cifarx, here: Path, octave: Octave) -> None:
    octave(
        """
        net = cifarx.load('unet.mat');
        at = find(strcmp({net.layers.Name}, 'inc_0'));
        net.layers(at).Weights(2, 1, 3, 4) = 0.25;
        cifarx.save(net, 'tuned.mat');
        """
    )
    assert cifarx("import", "unet.onnx").code == 0
    done = cifarx("import", "tuned.mat")
    assert done.code == 0, done.err
    assert "PASSED | tuned.mat | " in done.out
    was, now = (load_imported(here / "runs" / name).state() for name in ("unet", "tuned"))
    was["inc_0.weight"][3, 2, 1, 0] = 0.25
    assert {name: x.tobytes() for name, x in was.items()} == {
        name: x.tobytes() for name, x in now.items()
    }


def test_outputs_that_are_not_the_networks_are_refused(cifarx: Cifarx, here: Path) -> None:
    from scipy.io import loadmat, savemat

    content = {k: v for k, v in loadmat(here / "unet.mat").items() if not k.startswith("__")}
    outputs = content["test"][0, 0]["outputs"]
    content["test"][0, 0]["outputs"] = outputs + np.float32(0.1)
    savemat(here / "unet.mat", content, long_field_names=True)
    text = rejected(cifarx("import", "unet.mat"))
    assert "PyTorch gives other outputs" in text
    assert "nothing was written" in text
    assert not (here / "runs").exists()


LAYERS = (
    "__import__('os').system('touch pwned')",
    *("class", "lambda", "match", "forward", "train", "training", "self", "torch", "F", "nn"),
    *("Network", "len", "load_state_dict", "__init__", "äöü", "x y", "forward_", '"""', "{m}"),
)


def linear_layers(path: Path, names: tuple[str, ...], **attributes: float) -> None:
    """Write an ONNX file of linear layers with these names, and an activation behind them."""
    nodes, arrays, last = [], [], "x"
    for i, name in enumerate(names):
        weights = np.eye(4, dtype=np.float32)[::-1] / (i + 2)
        arrays += [numpy_helper.from_array(weights.copy(), f"w{i}")]
        arrays += [numpy_helper.from_array(np.full(4, i / 8, np.float32), f"b{i}")]
        nodes.append(helper.make_node("Gemm", [last, f"w{i}", f"b{i}"], [f"t{i}"], name))
        last = f"t{i}"
    nodes.append(helper.make_node("LeakyRelu", [last], ["y"], "leaky", **attributes))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], arrays)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), path
    )


def test_names_never_become_code(cifarx: Cifarx, here: Path) -> None:
    name = '"""+__import__("os").system("touch pwned")+"""\\'
    linear_layers(here / f"{name}.onnx", LAYERS)
    done = cifarx("import", f"{name}.onnx", "--into", "names")
    assert done.code == 0, done.err
    run = load_imported(here / "runs/names")
    assert len(run.plan.layers) == len(LAYERS) + 1
    inputs = [np.arange(8, dtype=np.float32).reshape(2, 4)]
    (found,) = outputs_of_source([run.folder], [inputs])
    with torch.no_grad():
        own = build_imported(run)(*map(torch.from_numpy, inputs))
    assert found[0].tobytes() == own.numpy().tobytes()
    assert found[0].any()
    assert not list(here.rglob("pwned"))


@pytest.mark.parametrize(
    ("alpha", "said"),
    [(float("inf"), "leaky has Scale inf"), (float("nan"), "")],
)
def test_options_that_are_not_numbers_are_refused(
    cifarx: Cifarx, here: Path, alpha: float, said: str
) -> None:
    linear_layers(here / "bad.onnx", ("fc",), alpha=alpha)
    assert said in rejected(cifarx("import", "bad.onnx"))
    assert not (here / "runs").exists()


def test_weights_that_are_not_numbers_are_refused(cifarx: Cifarx, here: Path) -> None:
    linear_layers(here / "bad.onnx", ("fc",))
    model = onnx.load(here / "bad.onnx")
    model.graph.initializer[1].CopyFrom(
        numpy_helper.from_array(np.array([1, np.nan, 2, np.inf], np.float32), "b0")
    )
    onnx.save(model, here / "bad.onnx")
    assert "fc.Bias has 2 of 4 values" in rejected(cifarx("import", "bad.onnx"))
    assert not (here / "runs").exists()


def damage(path: str, *keys: Any, value: Any) -> Callable[[Path], None]:
    """Set an entry of a JSON file of the run."""

    def edit(folder: Path) -> None:
        content = json.loads((folder / path).read_text())
        place = content
        for key in keys[:-1]:
            place = place[key]
        if value is None:
            del place[keys[-1]]
        else:
            place[keys[-1]] = value
        (folder / path).write_text(json.dumps(content))

    return edit


def of_float64(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    save_file({name: x.astype(np.float64) for name, x in state.items()}, folder / "new")
    (folder / "new").rename(folder / "model.safetensors")
    damage("run.json", "weights_sha256", value=sha256(folder / "model.safetensors"))(folder)


DAMAGES = {
    "another kind": damage("network.json", "layers", 0, "kind", value="__import__('os')"),
    "a name that is code": damage("network.json", "layers", 0, "name", value="a; import os"),
    "a missing option": damage("network.json", "layers", 0, "options", "Stride", value=None),
    "a word for numbers": damage("network.json", "layers", 0, "options", "Stride", value="a"),
    "one number of two": damage("network.json", "layers", 0, "options", "Stride", value=[1]),
    "an option too many": damage("network.json", "layers", 0, "options", "More", value=1),
    "infinity": damage("network.json", "layers", 1, "options", "Epsilon", value=float("inf")),
    "a missing array": damage("network.json", "layers", 0, "arrays", "Weights", value=None),
    "another size of an array": damage(
        "network.json", "layers", 0, "arrays", "Weights", value=[8, 3, 1, 27]
    ),
    "a huge array": damage(
        "network.json", "layers", 0, "arrays", "Weights", value=[2**31 - 1, 2**31 - 1, 3, 3]
    ),
    "an array with another rank": damage(
        "network.json", "layers", 0, "arrays", "Weights", value=[8]
    ),
    "an unknown input": damage("network.json", "layers", 0, "inputs", value=["nobody"]),
    "no input": damage("network.json", "layers", 0, "inputs", value=[]),
    "another shape": damage("network.json", "layers", 0, "shape", value=[5, 5, 5]),
    "another size of the input": damage("network.json", "inputs", 0, "shape", value=[3, 31, 32]),
    "an input of rank 5": damage("network.json", "inputs", 0, "shape", value=[3, 2, 2, 2, 2]),
    "no layers": damage("network.json", "layers", value=[]),
    "a later version": damage("network.json", "version", value=2),
    "no json": lambda folder: (folder / "network.json").write_text("import os"),  # type: ignore[dict-item]
    "nested json": lambda folder: (folder / "network.json").write_text("[" * 10**5),  # type: ignore[dict-item]
    "another task": damage("run.json", "task", value="os"),
    "classes of another number": damage("run.json", "classes", value=["a"]),
    "a mean of another number": damage("run.json", "mean", value=[1.0]),
    "a name of a file": damage("run.json", "name", value="../../x"),
    "a missing field": damage("run.json", "file", value=None),
    "other weights": damage("run.json", "weights_sha256", value="0" * 64),
    "weights of float64": of_float64,
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "no record": lambda folder: (folder / "run.json").unlink(),
    "a folder for weights": lambda folder: (
        (folder / "model.safetensors").unlink(),
        (folder / "model.safetensors").mkdir(),
    ),  # type: ignore[dict-item]
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_run_is_one_paragraph(
    cifarx: Cifarx, here: Path, exports: Path, name: str
) -> None:
    shutil.copytree(exports / "runs/imported", here / "runs/unet")
    DAMAGES[name](here / "runs/unet")
    text = rejected(cifarx("export", "runs/unet", "--onnx", "--mat", "--name", "again"))
    assert "runs/unet" in text or "network.json" in text
    assert "'cifarx import'" in text
    assert not list(here.glob("again*"))


def test_verify_passes_over_an_imported_run(cifarx: Cifarx, here: Path) -> None:
    assert cifarx("import", "mish.onnx").code == 0
    assert cifarx("export", "--onnx", "--mat", "--name", "again").code == 0
    done = cifarx("verify", "again.onnx", "--engines", "onnxruntime")
    assert done.code == 0, done.out + done.err
    assert "unusable" not in done.out
