"""Polygraphy reads what cifarx writes for it, cifarx what Polygraphy writes, and nothing else."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from polygraphy.comparator import IterationResult, RunResults
from polygraphy.json import load_json

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.exchange import polygraphy_files
from cifarx.verify.exchange.polygraphy_files import (
    RunnerOutputs,
    read_outputs,
    write_inputs,
    write_outputs,
)

LOGITS = np.random.default_rng(0).standard_normal((7, 4)).astype(np.float32)
A = {"a": {"logits": LOGITS}}
EDGES = st.floats(width=32) | st.sampled_from([0.0, -0.0, np.nan, np.inf, -np.inf, 2.0**-149])
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=200)


@st.composite
def runs(draw: st.DrawFn) -> dict[str, NDArray[np.float32]]:
    """Logits of one size of up to three runtimes."""
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 5)))
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    return {name: draw(arrays(np.float32, shape, elements=EDGES)) for name in names}


def same_bits(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


# What is written


@given(runs=runs(), output=NAMES, batch=st.integers(1, 10))
def test_what_is_written_is_read_bit_by_bit(
    runs: dict[str, NDArray[np.float32]], output: str, batch: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outputs.json"
        write_outputs(path, {run: {output: x} for run, x in runs.items()}, batch)
        found = read_outputs(path)
    assert [(each.runner, *each.outputs) for each in found] == [(name, output) for name in runs]
    assert all(same_bits(each.outputs[output], runs[each.runner]) for each in found)


@given(runs=runs(), output=NAMES, batch=st.integers(1, 10))
def test_outputs_have_the_bytes_that_polygraphy_writes(
    runs: dict[str, NDArray[np.float32]], output: str, batch: int
) -> None:
    theirs = RunResults()
    for name, logits in runs.items():
        parts = [logits[start : start + batch] for start in range(0, len(logits), batch)]
        theirs.append((name, [IterationResult({output: part}, None, name) for part in parts]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outputs.json"
        write_outputs(path, {run: {output: x} for run, x in runs.items()}, batch)
        assert path.read_bytes() == theirs.to_json().encode()
        read = RunResults.load(str(path))
    assert [len(iterations) for iterations in read.values()] == [len(parts)] * len(runs)


def test_inputs_are_polygraphys_feed_dicts(tmp_path: Path) -> None:
    inputs = np.random.default_rng(0).standard_normal((5, 3, 2, 2)).astype(np.float32)
    write_inputs(tmp_path / "inputs.json", {"image": inputs[::-1]}, 2)  # of negative strides
    feeds = load_json(str(tmp_path / "inputs.json"))
    assert [(list(feed), len(feed["image"])) for feed in feeds] == [
        (["image"], 2),
        (["image"], 2),
        (["image"], 1),
    ]
    assert same_bits(np.concatenate([feed["image"] for feed in feeds]), inputs[::-1])


def test_arrays_that_are_no_logits_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "outputs.json"
    wrong: list[dict[str, Any]] = [
        {},
        {"a": LOGITS, "b": LOGITS[1:]},
        {"a": LOGITS.astype(np.float64)},
        {"a": LOGITS.astype(object)},
        {"a": LOGITS[0, 0]},
        {"a": LOGITS[:0]},
    ]
    for each in wrong:
        with pytest.raises(ValueError, match=r"float|object|runners"):
            write_outputs(path, {run: {"logits": x} for run, x in each.items()}, 2)
    with pytest.raises(ValueError, match="batches of 0"):
        write_outputs(path, A, 0)
    with pytest.raises(ValueError, match=r"shape \(7, 4\)"):
        write_inputs(path, {"input": LOGITS.astype(np.float64)}, 2)
    assert not list(tmp_path.iterdir())


# The program itself


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with model.onnx, 5 images in x.json in batches of 2, and logits.npy."""
    folder = tmp_path_factory.mktemp("polygraphy")
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((5, 3, 8, 8)).astype(np.float32)
    kernel, weights = rng.standard_normal((6, 3, 3, 3)), rng.standard_normal((6, 10))
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["input", "kernel"], ["a"]),
            helper.make_node("GlobalMaxPool", ["a"], ["b"]),
            helper.make_node("Flatten", ["b"], ["c"]),
            helper.make_node("MatMul", ["c", "weights"], ["logits"]),
        ],
        "small",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])],
        [
            numpy_helper.from_array(kernel.astype(np.float32), "kernel"),
            numpy_helper.from_array(weights.astype(np.float32), "weights"),
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "model.onnx")
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    batches = [session.run(None, {"input": inputs[i : i + 2]})[0] for i in (0, 2, 4)]
    np.save(folder / "logits.npy", np.concatenate(batches))
    write_inputs(folder / "x.json", {"input": inputs}, 2)
    return folder


def polygraphy(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and text of `polygraphy run`."""
    program = Path(sys.executable).with_name("polygraphy")
    done = subprocess.run(
        [program, "run", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


MODEL = ("model.onnx", "--onnxrt", "--load-inputs", "x.json")


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("outputs.json", {}),
        ("outputs", {}),  # a folder, of one file for each iteration
        ("swapped.json", {"POLYGRAPHY_ARRAY_SWAP_THRESHOLD_MB": "0"}),
    ],
)
def test_what_polygraphy_computes_of_our_inputs_is_read(
    folder: Path, name: str, environment: dict[str, str]
) -> None:
    code, text = polygraphy(folder, *MODEL, "--save-outputs", name, **environment)
    assert code == 0, text
    (found,) = read_outputs(folder / name)
    assert found.runner.startswith("onnxrt-runner")
    assert list(found.outputs) == ["logits"]
    assert same_bits(found.outputs["logits"], np.load(folder / "logits.npy"))


@pytest.mark.parametrize("fault", [0.0, 1e-3])
def test_polygraphy_compares_our_outputs_with_its_own(folder: Path, fault: float) -> None:
    logits = np.load(folder / "logits.npy")
    logits[-1, 3] += np.float32(fault)
    write_outputs(folder / "ours.json", {"pytorch": {"logits": logits}}, 2)
    code, text = polygraphy(folder, *MODEL, "--load-outputs", "ours.json")
    assert code == (1 if fault else 0), text
    assert text.count("PASSED | Output: 'logits'") == (2 if fault else 3)
    assert text.count("FAILED | Output: 'logits'") == (1 if fault else 0)


# What is read


def test_the_older_name_of_a_lazy_array_is_read(tmp_path: Path) -> None:
    path = tmp_path / "outputs.json"
    write_outputs(path, A, 2)
    path.write_text(path.read_text().replace('"LazyArray"', '"LazyNumpyArray"'))
    assert same_bits(read_outputs(path)[0].outputs["logits"], LOGITS)


def test_the_iterations_of_a_folder_are_joined_in_their_order(tmp_path: Path) -> None:
    for number in range(12):
        part = {"a": {"y": np.full((1, 2), number, np.float32)}, "b": {"y": LOGITS[:1]}}
        write_outputs(tmp_path / f"{number:010}.json", part, 1)
    first, _ = read_outputs(tmp_path)
    assert first.outputs["y"][:, 0].tolist() == list(range(12))


def npy(array: NDArray[Any], **kwargs: Any) -> str:
    file = io.BytesIO()
    np.save(file, array, **kwargs)
    return base64.b64encode(file.getvalue()).decode()


def lazy(array: str) -> dict[str, Any]:
    """An output as Polygraphy writes it."""
    values = {"array": array, "polygraphy_class": "ndarray"}
    return {"values": values, "polygraphy_class": "LazyArray"}


def header(text: str, data: bytes = b"") -> str:
    """A .npy file of this header."""
    return base64.b64encode(
        b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + data
    ).decode()


def npz() -> str:
    file = io.BytesIO()
    np.savez(file, LOGITS)
    return base64.b64encode(file.getvalue()).decode()


def change(*path: str | int, to: Any) -> Callable[[Any], Any]:
    """An edit of a RunResults of runner 'a' with two iterations."""

    def edit(content: Any) -> Any:
        place = content
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to
        return content

    return edit


SECOND = ("lst", 0, 1, 1)
OUTPUTS = (*SECOND, "outputs")
VALUES = (*OUTPUTS, "logits", "values")
ARRAY = (*VALUES, "array")
HOT = "\x1b[31mpwned"  # what must not reach a terminal
GIVEN = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
NEITHER = "not in numpy's .npy format 1.0"

MALFORMED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "inputs": (lambda c: [{"input": c}], "it is a list, as --save-inputs writes"),
    "number": (lambda c: 7, "RunResults is expected, but a value names no class"),
    "accuracy": (change("polygraphy_class", to="AccuracyResults"), "not 'AccuracyResults'"),
    "older marker": (
        lambda c: {"lst": c["lst"], "__polygraphy_encoded_RunResults": "x"},
        "RunResults is expected, but a value names no class",
    ),
    "class that is a list": (change("polygraphy_class", to=[HOT]), "RunResults is expected, not"),
    "no list": (change("lst", to={}), "RunResults has no 'lst'"),
    "no runner": (change("lst", to=[]), "it has no runner"),
    "runner of one": (change("lst", 0, to=["a"]), "a runner is not a name with a list"),
    "runner as object": (change("lst", 0, to={"a": []}), "a runner is not a name with a list"),
    "runner without iterations": (change("lst", 0, 1, to=[]), "runner 'a' occurs twice, or has"),
    "runner twice": (lambda c: {**c, "lst": c["lst"] * 2}, "runner 'a' occurs twice"),
    "name of control codes": (change("lst", 0, 0, to=HOT), "the name of a runner does not have"),
    "name of 201": (
        change("lst", 0, 0, to="a" * 201),
        "the name of a runner does not have 1 to 200",
    ),
    "half a surrogate pair": (change("lst", 0, 0, to="\ud800"), "the name of a runner"),
    "name that is a number": (change("lst", 0, 0, to=1), "the name of a runner"),
    "iteration of no class": (change(*SECOND, to={}), "IterationResult is expected, but"),
    "iteration of another class": (change(*SECOND, "polygraphy_class", to=HOT), "IterationResult"),
    "outputs as a list": (change(*OUTPUTS, to=[]), "IterationResult has no 'outputs'"),
    "no output": (change(*OUTPUTS, to={}), "an iteration has no outputs"),
    "two outputs": (change(*OUTPUTS, to={"a": 1, HOT: 2}), "LazyArray is expected, but"),
    "other number of images": (
        lambda c: change(*OUTPUTS, "b", to=lazy(npy(LOGITS[:2])))(c),
        "different numbers of images",
    ),
    "output without a name": (
        lambda c: change(*OUTPUTS, to={"": c["lst"][0][1][1]["outputs"]["logits"]})(c),
        "the name of an output",
    ),
    "other output": (
        lambda c: change(*OUTPUTS, to={"b": c["lst"][0][1][1]["outputs"]["logits"]})(c),
        "iterations of 'a' differ: 'logits' of (4,); 'b' of (4,)",
    ),
    "no lazy array": (change(*OUTPUTS, "logits", to=[1.0]), "LazyArray is expected, but"),
    "torch": (
        change(*VALUES, to={"tensor": "", "polygraphy_class": "Tensor"}),
        "ndarray is expected, not 'Tensor'",
    ),
    "array of numbers": (change(*ARRAY, to=[1.0]), "ndarray has no 'array' of the expected type"),
    "base64 cut off": (
        lambda c: change(*ARRAY, to=npy(LOGITS)[:-1])(c),
        "not base64, or incomplete",
    ),
    "latin-1": (change(*ARRAY, to="\x93NUMPY"), "not base64"),
    "bytes cut off": (change(*ARRAY, to=npy(LOGITS)[:-4]), "shape (7, 4) has 109 bytes"),
    "header cut off": (change(*ARRAY, to=npy(LOGITS)[:40]), NEITHER),
    "empty": (change(*ARRAY, to=""), NEITHER),
    "zip": (change(*ARRAY, to=npz()), NEITHER),
    "version 2": (change(*ARRAY, to=npy(LOGITS).replace("k05VTVBZAQ", "k05VTVBZAg")), NEITHER),
    "header that is code": (change(*ARRAY, to=header("__import__('os').getpid()")), NEITHER),
    "header too deep": (change(*ARRAY, to=header("(" * 9000)), NEITHER),
    "header of Python 2": (change(*ARRAY, to=header(GIVEN % "1L, 1L", b"abcd")), NEITHER),
    "pickle": (
        change(*ARRAY, to=npy(np.full((2, 4), {}, object), allow_pickle=True)),
        "an array holds 'object', not float32",
    ),
    "float64": (change(*ARRAY, to=npy(LOGITS.astype(np.float64))), "holds 'float64', not float32"),
    "big-endian": (change(*ARRAY, to=npy(LOGITS.astype(">f4"))), "holds '>f4', not float32"),
    "float16": (change(*ARRAY, to=npy(LOGITS.astype(np.float16))), "holds 'float16', not float32"),
    "one image": (change(*ARRAY, to=npy(LOGITS[0])), "'logits' of (4,); 'logits' of ()"),
    "maps": (change(*ARRAY, to=npy(LOGITS[..., None])), "'logits' of (4,); 'logits' of (4, 1)"),
    "no batch": (change(*ARRAY, to=npy(LOGITS[0, 0])), "has the shape (), without a batch"),
    "no images": (change(*ARRAY, to=npy(LOGITS[:0])), "has the shape (0, 4)"),
    "huge": (change(*ARRAY, to=header(GIVEN % "2**40, 4")), NEITHER),
    "huge as digits": (
        change(*ARRAY, to=header(GIVEN % "1099511627776, 4", b"abcd")),
        "shape (1099511627776, 4) has 4 bytes",
    ),
    "negative": (change(*ARRAY, to=header(GIVEN % "-1, -1", b"abcd")), "has the shape (-1, -1)"),
    "too long": (change(*ARRAY, to=header(GIVEN % "1, 1", b"abcdefgh")), "(1, 1) has 8 bytes"),
    "ragged": (
        change(*ARRAY, to=npy(LOGITS[:, :3])),
        "iterations of 'a' differ: 'logits' of (4,); 'logits' of (3,)",
    ),
}


def message(path: Path) -> str:
    """What reading says, which is one paragraph that names the file and what to do."""
    with pytest.raises(UserError) as caught:
        read_outputs(path)
    text = str(caught.value)
    assert str(path) in text
    assert text.isprintable()
    assert len(text) < 700
    return text


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_named_with_what_is_wrong(tmp_path: Path, case: str) -> None:
    path = tmp_path / "outputs.json"
    write_outputs(path, A, 4)
    edit, expected = MALFORMED[case]
    path.write_text(json.dumps(edit(json.loads(path.read_text()))))
    text = message(path)
    assert expected in text
    assert "--save-outputs" in text


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"\xef\xbb\xbf[]", b"[" * 100_000, b"1" * 10_000, b"\x80\x04N."],
    ids=["empty", "cut off", "no UTF-8", "byte order mark", "too deep", "endless digits", "pickle"],
)
def test_what_is_no_json_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "outputs.json"
    path.write_bytes(content)
    assert "it is not JSON, or incomplete." in message(path)


def test_any_cut_of_a_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "outputs.json"
    write_outputs(path, A, 4)
    whole = path.read_bytes()
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        assert "it is not JSON" in message(path)


@given(position=st.integers(0), byte=st.integers(0, 255))
def test_any_changed_byte_is_an_error_or_gives_logits(position: int, byte: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outputs.json"
        write_outputs(path, A, 4)
        content = bytearray(path.read_bytes())
        content[position % len(content)] = byte
        path.write_bytes(content)
        found: tuple[RunnerOutputs, ...] = ()
        text = ""
        try:
            found = read_outputs(path)
        except UserError as error:
            text = str(error)
    assert bool(text) is not bool(found)
    assert text.isprintable()
    assert all(x.dtype == np.float32 for each in found for x in each.outputs.values())
    assert all(x.shape == LOGITS.shape for each in found for x in each.outputs.values())


def test_a_file_or_folder_that_is_too_large_is_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_outputs(tmp_path / "0000000000.json", A, 4)
    write_outputs(tmp_path / "0000000001.json", A, 4)
    size = (tmp_path / "0000000000.json").stat().st_size
    monkeypatch.setattr(polygraphy_files, "LARGEST", 2 * size)
    read_outputs(tmp_path)
    monkeypatch.setattr(polygraphy_files, "LARGEST", 2 * size - 1)
    assert "it has more than 0 MiB" in message(tmp_path)


def test_a_folder_must_be_whole(tmp_path: Path) -> None:
    assert "the folder has no 0000000000.json" in message(tmp_path)
    for number in (0, 2):
        write_outputs(tmp_path / f"{number:010}.json", A, 7)
    assert "the folder has no 0000000001.json" in message(tmp_path)
    write_outputs(tmp_path / "0000000001.json", {"b": {"logits": LOGITS}}, 7)
    assert "the files of the folder have different runners" in message(tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "No such file" in message(tmp_path / "outputs.json")


def test_several_outputs_of_any_shape_are_kept_by_name(tmp_path: Path) -> None:
    random = np.random.RandomState(4)
    outputs = {
        "maps": random.standard_normal((7, 3, 4, 5)).astype(np.float32),
        "value": random.standard_normal(7).astype(np.float32),
    }
    path = tmp_path / "outputs.json"
    write_outputs(path, {"octave": outputs}, 3)
    (found,) = read_outputs(path)
    assert list(found.outputs) == ["maps", "value"]
    for name, values in outputs.items():
        assert same_bits(found.outputs[name], values)
    value, maps, missing = found.in_order(["value", "maps", "other"])
    assert same_bits(value, outputs["value"])
    assert same_bits(maps, outputs["maps"])
    assert missing.size == 0
    assert same_bits(RunnerOutputs("a", {"x": maps}).in_order(["only"])[0], maps)
