"""Everything that cannot be read is in one error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from foreign_onnx import HEAD, N, foreign, weights

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.pytorch_models.errors import UnreadableError, UserError


def test_everything_that_cannot_be_read_is_listed_at_once() -> None:
    nodes = [
        N("Conv", ["in put", "k"], ["a"], name="c1", group=3),
        N("Hardmax", ["in put"], ["b"], name="n1"),
        N("Relu", ["b"], ["c"], name="r1"),
        N("Hardmax", ["c"], ["e"], name="n2"),
        N("MaxPool", ["in put"], ["d"], name="p1", kernel_shape=[2, 2], dilations=[2, 2]),
        N("Sum", ["a", "d", "e"], ["s"], name="s1"),
        N("Gemm", ["s", "w"], ["y"], name="g1"),
        N("Hardmax", ["in put"], ["unused"], name="m1"),
    ]
    with pytest.raises(UserError) as caught:
        read_onnx(foreign(nodes, {"k": weights(3, 1, 3, 3), "w": weights(3, 3)}))
    text = str(caught.value)
    assert "Conv (node c1): " in text
    assert "3 kernels for 1 channels in 3 groups and gets 2" in text
    assert "Hardmax (nodes n1, n2): no layer kind for it" in text
    assert "MaxPool (node p1): dilations" in text
    assert "r1" not in text  # it only follows n1
    assert "s1" not in text
    assert "m1" not in text  # nothing needs it
    assert "Operators that cifarx reads: Abs, Add, " in text
    assert "If other operators of PyTorch compute the same, write these parts with them. " in text
    assert "can be exported on its own" in text


def test_what_mixes_the_images_of_a_batch_is_rejected() -> None:
    nodes = [
        N("Transpose", ["in put"], ["t"], perm=[1, 0, 2, 3], name="swap"),
        N("Relu", ["t"], ["h"], name="r"),
        *HEAD,
    ]
    with pytest.raises(UserError, match=r"Relu .*does not keep the batch.*Transpose swap"):
        read_onnx(foreign(nodes, {"w": weights(4, 84), "b": weights(4)}))


def test_images_channels_last_are_named_as_the_reason() -> None:
    nodes = [N("Transpose", ["in put"], ["h"], perm=[0, 3, 1, 2]), N("Conv", ["h", "k"], ["y"])]
    model = foreign(nodes, {"k": weights(4, 3, 2, 2)}, shape=(1, 8, 9, 3))
    with pytest.raises(UserError, match=r"channels-last, N x H x W x C\?.*--inputs-as-nchw"):
        read_onnx(model)


def refusal(nodes: list[onnx.NodeProto], given: dict[str, np.ndarray] | None = None) -> str:
    model = foreign(nodes, given or {})
    for domain in {node.domain for node in nodes} - {""}:
        model.opset_import.append(onnx.helper.make_opsetid(domain, 1))
    with pytest.raises(UnreadableError) as caught:
        read_onnx(model)
    assert "\n" not in str(caught.value)
    assert caught.value.nodes
    return str(caught.value)


def test_a_layer_that_matlab_could_not_export_is_named() -> None:
    # as exportONNXNetwork wrote it in https://github.com/onnx/onnx-tensorflow/issues/468
    lost = N("Placeholder", ["in put"], ["a"], name="layer_1", domain="com.mathworks")
    text = refusal([lost, N("Relu", ["a"], ["y"])])
    assert text.startswith(
        "MATLAB could not export the layer 'layer_1' (com.mathworks.Placeholder): its exporter "
        "wrote an operator of its own in its place, and the file does not hold what the layer"
    )
    assert "exportONNXNetwork supports compute the same" in text
    text = refusal([lost, N("Hardmax", ["in put"], ["b"]), N("Add", ["a", "b"], ["c"]),
                    N("MaxUnpool", ["in put"], ["d"], name="unpool", domain="com.MathWorks.x"),
                    N("Add", ["c", "d"], ["y"])])  # fmt: skip
    assert "the layers 'layer_1' (com.mathworks.Placeholder), 'unpool' (com.MathWorks.x.Max" in text


def test_a_file_of_matlab_with_such_a_layer_is_refused_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cifarx: Callable[..., object]
) -> None:
    lost = N("Placeholder", ["in put"], ["a"], name="layer_1", domain="com.mathworks")
    model = foreign([lost, N("Relu", ["a"], ["y"])], {}, shape=(1, 2, 6, 7))
    model.graph.output[0].type.CopyFrom(model.graph.input[0].type)
    model.opset_import.append(onnx.helper.make_opsetid("com.mathworks", 1))
    monkeypatch.chdir(tmp_path)
    onnx.save_model(model, "theirs.onnx")
    done = cifarx("export", "theirs.onnx", "--name", "ours")
    assert done.code == 2
    assert done.err.startswith("cifarx: MATLAB could not export the layer 'layer_1'"), done.err
    assert done.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.onnx"]


@pytest.mark.parametrize(
    ("node", "named"),
    [
        (N("LSTM", ["in put", "w", "w"], ["y"], name="n", hidden_size=3), "LSTM (n)"),
        (N("GRU", ["in put", "w", "w"], ["y"], name="n", hidden_size=3), "GRU (n)"),
        (N("RNN", ["in put", "w", "w"], ["y"], name="n", hidden_size=3), "RNN (n)"),
        (N("Attention", ["in put", "in put", "in put"], ["y"], name="n"), "Attention (n)"),
        (
            N("MultiHeadAttention", ["in put"] * 3, ["y"], name="n", domain="com.microsoft"),
            "MultiHeadAttention (n)",
        ),
        (N("MatMul", ["in put", "in put"], ["y"], name="n"), "MatMul of two computed values"),
        (
            N("Einsum", ["in put", "in put"], ["y"], name="n", equation="nchw,nchw->nchw"),
            "Einsum of two computed values",
        ),
    ],
)
def test_recurrent_and_attention_layers_are_refused_in_one_paragraph(
    node: onnx.NodeProto, named: str
) -> None:
    text = refusal([node], {"w": weights(1, 4, 3)})
    assert text.startswith(f"The network has recurrent or attention layers: {named}")
    assert "cifarx does not read recurrent and attention layers yet." in text
    assert "Operators that cifarx reads" not in text
