"""`cifarx check` as a user types it: what it prints and exits with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cifarx.cli.check_report import check_lines, print_check
from cifarx.export.matlab_importer.check import check_matlab_import

Cifarx = Callable[..., Any]


def net(
    *, names: tuple[str, ...] = ("conv", "relu", "pool"), last: str = "GlobalAveragePool"
) -> Any:
    """A convolution, a rectifier and one node more."""
    weights = np.ones((6, 3, 3, 3), np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["a"], name=names[0]),
            helper.make_node("Relu", ["a"], ["b"], name=names[1]),
            helper.make_node(last, ["b"], ["y"], name=names[2]),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4)],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=7)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with clean.onnx and dirty.onnx in it."""
    monkeypatch.chdir(tmp_path)
    onnx.save(net(), "clean.onnx")
    onnx.save(net(last="ReduceMean"), "dirty.onnx")
    return tmp_path


def rejected(finished: Any) -> str:
    """The paragraph of a command that must have ended as a user's mistake."""
    assert (finished.code, finished.out) == (2, "")
    (paragraph,) = finished.err.splitlines()
    assert paragraph.startswith("cifarx: ")
    return str(paragraph)


def test_a_clean_file_exits_with_0_and_ends_in_the_verdict(cifarx: Cifarx, folder: Path) -> None:
    done = cifarx("check", "clean.onnx")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[-1].startswith("CLEAN | all 3 layers built-in")
    assert lines[-2] == (
        'call | net = importNetworkFromONNX("clean.onnx", InputDataFormats="BCSS", '
        'OutputDataFormats="BCSS");'
    )
    assert "MATLAB was not run" in done.out


def test_a_file_that_is_not_valid_exits_with_1_and_says_why(cifarx: Cifarx, folder: Path) -> None:
    broken = net()
    broken.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 5
    onnx.save(broken, "broken.onnx")
    done = cifarx("check", "broken.onnx")
    assert done.code == 1
    said = "the file is not valid ONNX: the Conv 'conv' gets 5 channels, but its weights are for 3"
    assert f"error | validity | {said} [" in done.out
    assert done.out.splitlines()[-1].endswith("| 1 error")
    done = cifarx("check", "broken.onnx", "--json")
    assert done.code == 1
    assert said in [f["text"] for f in json.loads(done.out)["findings"]]


def test_another_file_exits_with_1_and_says_what_to_do(cifarx: Cifarx, folder: Path) -> None:
    done = cifarx("check", "dirty.onnx", "--matlab", "R2024b")
    assert done.code == 1
    lines = done.out.splitlines()
    at = lines.index("generated | ReduceMean x1 | ReduceMeanLayer | pool")
    assert lines[at + 1].startswith("    why: ")
    assert "[USER " in lines[at + 1]
    assert lines[at + 2].startswith("    do: ")
    assert lines[-1] == "NOT CLEAN | 2 of 3 nodes become built-in layers | 1 generated"
    assert lines[0].endswith("MATLAB R2024b")


def test_what_cifarx_writes_is_built_in_but_for_the_flatten(cifarx: Cifarx, work: Path) -> None:
    done = cifarx("check", "model.onnx", "--json")
    report = json.loads(done.out)
    assert {n["operator"] for n in report["nodes"] if n["outcome"] != "built-in"} == {"Flatten"}
    assert {f["level"] for f in report["findings"]} == {"ok"}
    assert 'InputDataFormats="BCSS", OutputDataFormats="BC");' in report["call"]


def test_json_has_the_documented_shape(cifarx: Cifarx, folder: Path, root: Path) -> None:
    done = cifarx("check", "dirty.onnx", "--json")
    assert done.code == 1
    report = json.loads(done.out)
    page = (root / "docs" / "import-check.md").read_text("utf-8")
    table = page.partition("## JSON")[2].partition("## Rules")[0]
    parts = [report, report["nodes"][0], report["findings"][0], report["nodes"][0]["sources"][0]]
    assert all(f"`{key}`" in table for part in parts for key in part)
    assert (report["clean"], report["exit_code"], report["matlab"]) == (False, 1, None)
    assert sum(report["counts"].values()) == len(report["nodes"]) == 3


def test_nodes_of_one_fate_share_a_line() -> None:
    model = net()
    for i in range(500):
        model.graph.node.append(helper.make_node("Relu", ["y"], [f"r{i}"], name=f"r{i}"))
    lines = list(check_lines(check_matlab_import(model, "net.onnx")))
    assert len(lines) < 40
    assert any(
        "Relu x501 | nnet.cnn.layer.ReLULayer | relu, r0, r1 and 498 more" in x for x in lines
    )


def test_names_in_a_file_are_neither_markup_nor_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ("[bold red]conv[/]", "a\x1b[31mb", "two\nlines")
    print_check(check_matlab_import(net(names=names), "[link=x]n.onnx"))
    out = capsys.readouterr().out
    assert "[bold red]conv[/]" in out
    assert "[link=x]n.onnx" in out
    assert r"a\x1b[31mb" in out
    assert r"two\nlines" in out


def test_lines_are_wrapped_on_a_narrow_terminal_but_for_the_call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("FORCE_COLOR", ""), ("TTY_COMPATIBLE", "1"), ("COLUMNS", "60")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    print_check(check_matlab_import(net(last="ReduceMean"), "net.onnx"))
    lines = [x for x in capsys.readouterr().out.splitlines() if not x.startswith("\x1b")]
    plain = [x for x in lines if "call | " not in x and "/" not in x]
    assert max(map(len, plain)) <= 70
    assert any(x.startswith("call | ") and x.endswith(");") for x in lines)


def test_the_content_decides_and_not_the_ending(cifarx: Cifarx, folder: Path) -> None:
    (folder / "clean.onnx").rename(folder / "clean.bin")
    assert cifarx("check", "clean.bin").code == 0


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.onnx", None, "is not there"),
        ("empty.onnx", b"", "is an empty file"),
        ("text.onnx", b"hello world\n" * 9, "is text"),
        (
            "model.mat",
            b"MATLAB 5.0 MAT-file, Platform: posix" + bytes(99),
            "is a MAT-file, not an ONNX file",
        ),
        ("model.pt", b"PK\x03\x04" + bytes(99), "is a zip file"),
        ("noise.onnx", bytes(range(255, 0, -1)), "damaged or cut short"),
        ("hollow.onnx", onnx.ModelProto(ir_version=7).SerializeToString(), "holds no network"),
    ],
)
def test_what_is_no_onnx_file_is_refused(
    cifarx: Cifarx, folder: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (folder / name).write_bytes(content)
    for options in ((), ("--json",)):
        paragraph = rejected(cifarx("check", name, *options))
        assert words in paragraph
        assert "torch.onnx.export" in paragraph


def test_a_folder_and_a_truncated_file_are_refused(cifarx: Cifarx, folder: Path) -> None:
    assert "is a folder" in rejected(cifarx("check", "."))
    whole = (folder / "clean.onnx").read_bytes()
    (folder / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    assert "cut short" in rejected(cifarx("check", "cut.onnx"))


def test_a_release_that_is_not_known_is_refused_before_the_file_is_read(
    cifarx: Cifarx, folder: Path
) -> None:
    paragraph = rejected(cifarx("check", "missing.onnx", "--matlab", "R2022b"))
    assert "older than R2023b" in paragraph
    assert "not a MATLAB release" in rejected(cifarx("check", "clean.onnx", "--matlab", "newest"))
