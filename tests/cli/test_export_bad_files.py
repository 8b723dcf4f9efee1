"""Files that hold no network: one paragraph, exit code 2, in little time, nothing written."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

N = helper.make_node
IMAGE = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])
LOGITS = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 5])
HEAD = [N("GlobalAveragePool", ["x"], ["p"]), N("Flatten", ["p"], ["f"])]
WEIGHTS = numpy_helper.from_array(np.ones((5, 3), np.float32), "w")


def model(
    nodes: list[onnx.NodeProto] | None = None,
    inputs: list[onnx.ValueInfoProto] | None = None,
    outputs: list[onnx.ValueInfoProto] | None = None,
    opset: int = 17,
) -> onnx.ModelProto:
    """A small classifier, but for what is given."""
    graph = helper.make_graph(
        nodes or [*HEAD, N("Gemm", ["f", "w"], ["y"], transB=1)],
        "g",
        inputs or [IMAGE],
        outputs or [LOGITS],
        [WEIGHTS],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def put(content: onnx.ModelProto) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content.SerializeToString()) and None


def cut(path: Path) -> None:
    whole = model().SerializeToString()
    path.write_bytes(whole[: len(whole) // 2])


def cyclic() -> onnx.ModelProto:
    nodes = [N("Add", ["x", "b"], ["a"]), N("Relu", ["a"], ["b"]), *HEAD]
    nodes[2] = N("GlobalAveragePool", ["b"], ["p"])
    return model([*nodes, N("Gemm", ["f", "w"], ["y"], transB=1)])


def of_ir(version: int) -> onnx.ModelProto:
    newer = model()
    newer.ir_version = version
    return newer


def with_side_file(location: str) -> Callable[[Path], None]:
    """A file whose weights lie elsewhere; there is no such side file."""

    def write(path: Path) -> None:
        content = model()
        (tensor,) = content.graph.initializer
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
        path.write_bytes(content.SerializeToString())

    return write


def with_short_side_file(path: Path) -> None:
    with_side_file("w.data")(path)
    path.with_name("w.data").write_bytes(b"123")


def with_linked_side_file(path: Path) -> None:
    with_side_file("w.data")(path)
    secret = path.parent.parent / "secret"
    secret.write_bytes(bytes(60))
    path.with_name("w.data").symlink_to(secret)


SEQUENCE = helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])
HALF = helper.make_tensor_value_info("x", TensorProto.FLOAT16, ["n", 3, 8, 8])
PIXELS = helper.make_tensor_value_info("x", TensorProto.UINT8, ["n", 3, 8, 8])
OPEN = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])
HUGE = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 99999, 99999])
THREE = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])

BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (cut, "damaged, cut short or of another kind"),
    "text": (lambda p: p.write_text("import torch\n" * 9), "it looks like text"),
    "empty": (lambda p: p.write_bytes(b""), "it holds no network"),
    "a MAT-file": (lambda p: p.write_bytes(b"MATLAB 5.0 MAT-file" * 9), "looks like a MAT-file"),
    "a checkpoint": (lambda p: torch.save({"w": torch.zeros(3)}, p), "it looks like a zip file"),
    "a folder": (lambda p: p.mkdir(), "has no run.json|is no run|is a folder"),
    "cyclic": (put(cyclic()), "its nodes form a cycle"),
    "shapes that contradict": (
        put(model([*HEAD, N("Gemm", ["f", "w"], ["y"])])),
        "is not valid ONNX: .*[Ss]hape",
    ),
    "half precision": (put(model([N("Cast", ["x"], ["c"], to=1), N("Flatten", ["c"], ["y"])],
                       [HALF], [helper.make_tensor_value_info("y", 1, ["n", 192])])),
                       "must be float32 .* images .* float16 n x 3 x 8 x 8"),
    "pixels": (put(model([N("Cast", ["x"], ["c"], to=1), N("Flatten", ["c"], ["y"])], [PIXELS],
               [helper.make_tensor_value_info("y", 1, ["n", 192])])),
               "must be float32 .* images .* uint8"),
    "images of any size": (put(model(inputs=[OPEN])), "fixed sizes .* n x 3 x h x w"),
    "a sequence": (
        put(model([N("SequenceAt", ["x", "i"], ["q"]), N("Flatten", ["q"], ["y"])], [SEQUENCE,
            helper.make_tensor_value_info("i", TensorProto.INT64, [])],
            [helper.make_tensor_value_info("y", 1, ["n", "k"])])),
        "The input 'x' is a sequence, not a tensor",
    ),
    "a sequence as the input": (
        put(model([N("ConcatFromSequence", ["x"], ["q"], axis=0), N("Flatten", ["q"], ["y"])],
            [SEQUENCE], [helper.make_tensor_value_info("y", 1, ["n", "k"])])),
        "The input 'x' is a sequence, not a tensor",
    ),
    "a sequence inside": (
        put(model([N("SplitToSequence", ["x"], ["s"], axis=1, name="cut"),
                   N("ConcatFromSequence", ["s"], ["q"], axis=1, name="join"),
                   N("Flatten", ["q"], ["y"])],
                  outputs=[helper.make_tensor_value_info("y", 1, ["n", "k"])])),
        r"SplitToSequence \(node cut\): no layer kind.*ConcatFromSequence \(node join\)",
    ),
    "an old opset": (put(model(opset=5)), "has opset 5; .* 6 to"),
    "a newer opset": (put(model(opset=99)), "has opset 99; .* 6 to .*installed onnx"),
    "a newer IR": (put(of_ir(99)), "has IR version 99; .*installed onnx"),
    "an operator that ONNX lacks": (
        put(model([*HEAD, N("NoSuch", ["f"], ["y"])])),
        "is not valid ONNX: .* operator that ONNX does not have .*NoSuch",
    ),
    "an operator that ONNX has no longer": (
        put(model([N("Upsample", ["x", "w"], ["u"]), *HEAD])), "ONNX no longer has .*Upsample",
    ),
    "a domain without a version": (
        put(model([*HEAD, N("Foo", ["f"], ["y"], domain="mine")])), "domain without .* version",
    ),
    "an output without a shape": (
        put(model(outputs=[helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])),
        r"an input or output has no shape.*onnx\.shape_inference\.infer_shapes",
    ),
    "a shape without an end": (
        put(model(inputs=[HUGE])), "Inputs of 3 x 99999 x 99999 .* takes up to 67,108,864",
    ),
    "a side file of no name": (with_side_file("w\0.data"), "which is not a file name"),
    "no side file": (with_side_file("w.data"), "side file 'w.data'.* not beside it"),
    "a side file above": (with_side_file("../w.data"), "outside its folder"),
    "a side file at the root": (with_side_file("/etc/passwd"), "outside its folder"),
    "a side file elsewhere by a link": (with_linked_side_file, "outside its folder"),
    "a short side file": (with_short_side_file, "side file .* is cut short"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_gets_one_paragraph(
    case: str, cifarx: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, complaint = BAD[case]
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    make(folder / "net.onnx")
    before = sorted(folder.iterdir())
    start = time.process_time()
    done = cifarx("export", "net.onnx", "--out", "out")
    assert time.process_time() - start < 10  # of computing: a busy machine does not count
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("cifarx: ")
    assert done.err.count("\n") == 1

    assert re.search(complaint, done.err), done.err
    assert sorted(folder.iterdir()) == before


def test_the_other_name_of_onnxs_own_domain_is_read(
    cifarx: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    other = model()
    for part in (*other.opset_import, *other.graph.node):
        part.domain = "ai.onnx"
    onnx.save(model(), "plain.onnx")
    onnx.save(other, "other.onnx")
    for name in ("plain", "other"):
        done = cifarx("export", f"{name}.onnx", "--out", "out", "--onnx")
        assert done.code == 0, done.err
    plain, same = (onnx.load(f"out/{name}.onnx").graph.node for name in ("plain", "other"))
    assert [(n.op_type, n.domain) for n in same] == [(n.op_type, n.domain) for n in plain]


@pytest.mark.parametrize("name", ["net.pt", "net.txt", "net"])
def test_a_file_of_another_name_is_refused(
    name: str, cifarx: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(model().SerializeToString())
    done = cifarx("export", name)
    assert done.code == 2
    assert f"{name} does not end in .onnx" in done.err
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_file_that_is_not_there_is_refused(cifarx: Callable[..., object]) -> None:
    done = cifarx("export", "nowhere/net.onnx")
    assert done.code == 2
    assert "nowhere/net.onnx is not there" in done.err
