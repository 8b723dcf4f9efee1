"""Reader and writer together; ONNX Runtime is the independent reference."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from foreign_onnx import CARD, HEAD, N, foreign, run, weights
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError

CASES = {
    "asymmetric pads, stride and dilation": (
        [
            N(
                "Conv",
                ["in put", "k", "c"],
                ["h"],
                pads=[0, 1, 2, 3],
                strides=[2, 1],
                dilations=[1, 2],
            ),
            *HEAD,
        ],
        {"k": weights(3, 2, 2, 3), "c": weights(3), "w": weights(4, 84), "b": weights(4)},
    ),
    "max pooling with padding": (
        [
            N("MaxPool", ["in put"], ["h"], kernel_shape=[3, 2], pads=[1, 0, 2, 1], strides=[2, 2]),
            *HEAD,
        ],
        {"w": weights(4, 32), "b": weights(4)},
    ),
    "average pooling that counts its padding": (
        [
            N(
                "AveragePool",
                ["in put"],
                ["h"],
                kernel_shape=[3, 3],
                pads=[1, 1, 1, 1],
                count_include_pad=1,
            ),
            *HEAD,
        ],
        {"w": weights(4, 84), "b": weights(4)},
    ),
    "a mean over space, untransposed Gemm without bias": (
        [
            N("ReduceMean", ["in put"], ["m"], axes=[-1, 2], keepdims=1),
            N("Reshape", ["m", "s"], ["f"]),
            N("Gemm", ["f", "w"], ["y"]),
        ],
        {"w": weights(2, 3), "s": np.array([0, -1])},
    ),
    "products of maps by maps, by a number an image and by a number a channel": (
        [
            N("GlobalAveragePool", ["in put"], ["p"]),
            N("Conv", ["p", "k", "c"], ["s"]),
            N("Mul", ["s", "in put"], ["x"]),
            N("Mul", ["x", "in put"], ["z"]),
            N("Mul", ["z", "p"], ["h"]),
            *HEAD,
        ],
        {"k": weights(1, 2, 1, 1), "c": weights(1), "w": weights(4, 84), "b": weights(4)},
    ),
    "a product of features": (
        [
            N("Flatten", ["in put"], ["f"]),
            N("Gemm", ["f", "v", "c"], ["g"], transB=1),
            N("Relu", ["f"], ["r"]),
            N("Mul", ["f", "r"], ["m"]),
            N("Mul", ["g", "m"], ["n"]),
            N("Gemm", ["n", "w", "b"], ["y"], transB=1),
        ],
        {"v": weights(1, 84), "c": weights(1), "w": weights(4, 84), "b": weights(4)},
    ),
    "softmax, slopes and a product of some of the features": (
        [
            N("Flatten", ["in put"], ["f"]),
            N("Split", ["f", "s"], ["p", "q"], axis=1),
            N("Softmax", ["p"], ["a"]),
            N("PRelu", ["q", "r"], ["b"]),
            N("Mul", ["a", "b"], ["m"]),
            N("Gemm", ["m", "w"], ["y"], transB=1),
        ],
        {"s": np.array([42, 42]), "r": weights(42), "w": weights(4, 42)},
    ),
    "layer norm over all maps, and over each": (
        [
            N("LayerNormalization", ["in put", "g", "o"], ["n"], axis=1, epsilon=1e-3),
            N("LayerNormalization", ["n", "s"], ["h"], axis=-2),
            *HEAD,
        ],
        {"g": weights(2, 6, 7), "o": weights(2, 6, 7), "s": weights(6, 7)}
        | {"w": weights(4, 84), "b": weights(4)},
    ),
    "layer norm of features by single nodes, axes counted from the last": (
        [
            N("Flatten", ["in put"], ["f"]),
            N("ReduceMean", ["f"], ["m"], axes=[-1]),
            N("Sub", ["f", "m"], ["d"]),
            N("Pow", ["d", "two"], ["q"]),
            N("ReduceMean", ["q"], ["v"], axes=[-1]),
            N("Add", ["v", "e"], ["t"]),
            N("Sqrt", ["t"], ["r"]),
            N("Div", ["d", "r"], ["n"]),
            N("Gemm", ["n", "w", "b"], ["y"], transB=1),
        ],
        {"two": np.float32(2), "e": np.float32(1e-5), "w": weights(4, 84), "b": weights(4)},
    ),
    "space to depth, depth to space, the nearest pixel again": (
        [
            N("Reshape", ["in put", "s1"], ["a"]),
            N("Transpose", ["a"], ["t"], perm=[0, 1, 3, 5, 2, 4]),
            N("Reshape", ["t", "s2"], ["c"]),
            N("Relu", ["c"], ["r"]),
            N("Reshape", ["r", "s3"], ["d"]),
            N("Transpose", ["d"], ["e"], perm=[0, 1, 4, 2, 5, 3]),
            N("Reshape", ["e", "s4"], ["g"]),
            N("Sigmoid", ["g"], ["i"]),
            N("Reshape", ["i", "s5"], ["j"]),
            N("Expand", ["j", "s6"], ["k"]),
            N("Reshape", ["k", "s7"], ["h"]),
            *HEAD,
        ],
        {
            "s1": np.array([0, 2, 3, 2, 7, 1]),
            "s2": np.array([0, 4, 3, 7]),
            "s3": np.array([0, 2, 2, 1, 3, 7]),
            "s4": np.array([0, 2, 6, 7]),
            "s5": np.array([0, 2, 6, 1, 7, 1]),
            "s6": np.array([1, 2, 6, 2, 7, 2]),
            "s7": np.array([0, 2, 12, 14]),
            "w": weights(4, 336),
            "b": weights(4),
        },
    ),
    "batch norm after a flatten, dropout, identity, addition": (
        [
            N("Flatten", ["in put"], ["f"]),
            N("BatchNormalization", ["f", "g", "o", "m", "v"], ["n"], epsilon=1e-3),
            N("Identity", ["n"], ["i"]),
            N("Add", ["i", "f"], ["a"]),
            N("Relu", ["a"], ["r"]),
            N("Dropout", ["r"], ["d"]),
            N("Gemm", ["d", "w", "b"], ["y"], transB=1),
        ],
        {k: weights(84) for k in "gom"}
        | {"v": np.abs(weights(84)) + 0.5, "w": weights(4, 84), "b": weights(4)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_and_written_again_computes_the_same(case: str) -> None:
    model = foreign(*CASES[case])
    again = onnx_from_graph(read_onnx(model), CARD).proto()
    x = weights(5, 2, 6, 7)
    np.testing.assert_allclose(run(again, x), run(model, x), rtol=1e-5, atol=1e-5)


def test_functions_of_a_file_are_read_as_what_they_hold() -> None:
    block = helper.make_function(
        "local", "Block", ["a"], ["c"],
        [N("Relu", ["a"], ["b"]), N("Add", ["a", "b"], ["c"])], [helper.make_opsetid("", 17)],
    )  # fmt: skip
    call = N("Block", ["in put"], ["h"], domain="local")
    model = foreign([call, *HEAD], {"w": weights(4, 84), "b": weights(4)})
    model.functions.append(block)
    model.opset_import.append(helper.make_opsetid("local", 1))
    graph = read_onnx(model)
    assert [la.kind for la in graph.layers[:2]] == ["ReLULayer", "AdditionLayer"]
    x = weights(3, 2, 6, 7)
    ours = run(onnx_from_graph(graph, CARD).proto(), x)
    np.testing.assert_allclose(ours, run(model, x), rtol=1e-5, atol=1e-5)


def test_a_batch_that_the_file_fixes_becomes_symbolic() -> None:
    shape = numpy_helper.from_array(np.array([3, -1]), "s")
    nodes = [N("Constant", [], ["s"], value=shape), N("Reshape", ["in put", "s"], ["f"]), HEAD[1]]
    model = foreign(nodes, {"w": weights(4, 84), "b": weights(4)}, shape=(3, 2, 6, 7))
    again = onnx_from_graph(read_onnx(model), CARD).proto()
    x = weights(3, 2, 6, 7)
    np.testing.assert_allclose(run(again, x), run(model, x), rtol=1e-5, atol=1e-5)
    assert run(again, weights(5, 2, 6, 7)).shape == (5, 4)


@pytest.mark.parametrize(
    ("nodes", "tensors", "shape", "complaint"),
    [
        ([N("Relu", ["in put"], ["y"])], {}, ("n", 3, 3, 3, 3), "images N x C x H x W with fixed"),
        ([N("Relu", ["in put"], ["y"])], {}, ("n", "c", 3, 3), "with fixed sizes except for the"),
        (
            [N("Conv", ["k", "in put"], ["y"])],
            {"k": weights(1, 2, 3, 3)},
            ("n", 2, 3, 3),
            r"Conv \(node without a name\): its input 'k' is a constant",
        ),
        (
            [N("Flatten", ["in put"], ["f"]), N("Gemm", ["f", "w"], ["y"])],
            {"w": weights(3, 3)},
            ("n", 2, 3, 3),
            r"Gemm \(node without a name\): weights of \(3, 3\) for features of \(18,\)",
        ),
    ],
)
def test_inputs_and_nodes_that_do_not_fit_are_rejected(
    nodes: list[onnx.NodeProto],
    tensors: dict[str, np.ndarray],
    shape: tuple[int | str, ...],
    complaint: str,
) -> None:
    with pytest.raises(UserError, match=complaint):
        read_onnx(foreign(nodes, tensors, shape=shape))


@pytest.mark.parametrize(
    "nodes",
    [
        [N("Reshape", ["in put", "s"], ["f"]), HEAD[1]],
        [
            N("Shape", ["in put"], ["n"], end=1),
            N("Cast", ["n"], ["m"], to=TensorProto.FLOAT),
            N("Div", ["in put", "m"], ["y"]),
        ],
    ],
    ids=["a reshape to two images", "a division by the number of images"],
)
def test_a_network_that_depends_on_the_number_of_images_is_refused(
    nodes: list[onnx.NodeProto],
) -> None:
    arrays = {"s": np.array([2, -1]), "w": weights(4, 84), "b": weights(4)}
    with pytest.raises(UserError, match=r"batch sizes|does not keep the batch"):
        read_onnx(foreign(nodes, arrays))
    fixed = foreign(nodes, arrays, shape=(2, 2, 6, 7), opset=15)
    x = weights(2, 2, 6, 7)
    again = onnx_from_graph(read_onnx(fixed), CARD).proto()
    np.testing.assert_allclose(run(again, x), run(fixed, x), rtol=1e-5, atol=1e-5)
