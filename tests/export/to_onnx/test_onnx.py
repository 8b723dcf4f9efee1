"""Reader and writer together: ONNX Runtime is the independent reference."""

from __future__ import annotations

import hashlib
import itertools
import re

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.bundle import Bundle
from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.network.classifier import as_classifier
from cifarx.export.network.model_card import ModelCard
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError

CARD = ModelCard("net", "recipe", ("a", "b"), (0.0,), (255.0,), "0" * 64)
RANDOM = np.random.RandomState(0)


def foreign(
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    *,
    shape: tuple[int | str, ...] = ("batch", 2, 6, 7),
    opset: int = 17,
) -> onnx.ModelProto:
    """A model as somebody else might have written it; its output is `y`."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("in put", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def weights(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {session.get_inputs()[0].name: x})
    return np.asarray(y)


N = helper.make_node
HEAD = [N("Flatten", ["h"], ["f"]), N("Gemm", ["f", "w", "b"], ["y"], transB=1)]
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


BOUNDS = [(-1, 2), (0, 6), (-1e9, 1e9), (0.5, 0.75), (-0.75, -0.5), (None, 0.3), (-0.3, None),
          (None, 0.0), (0.0, None), (-1.0, 0.0), (None, -0.2), (0.2, None)]  # fmt: skip


@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_clipping_is_exact_within_bounds_of_every_kind(
    low: float | None, high: float | None
) -> None:
    given = {k: np.array(v, np.float32) for k, v in (("low", low), ("high", high)) if v is not None}
    names = ["in put", *(k if k in given else "" for k in ("low", "high"))]
    model = foreign([N("Clip", names, ["h"]), N("Flatten", ["h"], ["y"])], given)
    x = np.concatenate([weights(4, 2, 6, 7), 1e-6 * weights(1, 2, 6, 7)])
    ours = run(onnx_from_graph(read_onnx(model), CARD).proto(), x)
    shifts = (low is not None and low > 0) or (high is not None and high < 0)
    np.testing.assert_allclose(ours, run(model, x), rtol=1e-6 if shifts else 0, atol=0)


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_and_written_again_computes_the_same(case: str) -> None:
    model = foreign(*CASES[case])
    again = onnx_from_graph(read_onnx(model), CARD).proto()
    x = weights(5, 2, 6, 7)
    np.testing.assert_allclose(run(again, x), run(model, x), rtol=1e-5, atol=1e-5)


def test_the_portable_profile_is_kept(bundle: Bundle) -> None:
    model = onnx_from_graph(bundle.graph, bundle.card).proto()
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version == 7
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 14)]
    (given,), (result,) = model.graph.input, model.graph.output
    dims = [d.dim_param or d.dim_value for d in given.type.tensor_type.shape.dim]
    assert (given.name, dims) == ("image", ["N", 3, 32, 32])
    dims = [d.dim_param or d.dim_value for d in result.type.tensor_type.shape.dim]
    assert (result.name, dims) == ("logits", ["N", 10])
    assert {n.op_type for n in model.graph.node} <= {
        "Conv", "Relu", "BatchNormalization", "Dropout", "AveragePool", "Flatten", "Gemm",
    }  # fmt: skip
    names = [n.name for n in model.graph.node] + [t.name for t in model.graph.initializer]
    names += [v for n in model.graph.node for v in (*n.input, *n.output)]
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", name) for name in names)
    assert not any(t.data_location == TensorProto.EXTERNAL for t in model.graph.initializer)
    convolution = next(n for n in model.graph.node if n.op_type == "Conv")
    assert {a.name for a in convolution.attribute} == {
        "kernel_shape", "strides", "pads", "dilations", "group",
    }  # fmt: skip
    assert ModelCard.from_metadata({e.key: e.value for e in model.metadata_props}) == bundle.card


def test_the_same_network_gives_the_same_bytes(bundle: Bundle) -> None:
    files = [onnx_from_graph(bundle.graph, bundle.card) for _ in range(2)]
    first, second = (b"".join(file.chunks()) for file in files)
    assert first == second
    assert files[0].sha256() == hashlib.sha256(first).hexdigest()


def test_the_bytes_are_those_that_protobuf_would_write(bundle: Bundle) -> None:
    file = onnx_from_graph(bundle.graph, bundle.card)
    whole = onnx.ModelProto()
    whole.CopyFrom(file.model)
    whole.graph.initializer.extend(numpy_helper.from_array(a, name) for name, a in file.arrays)
    assert b"".join(file.chunks()) == whole.SerializeToString(deterministic=True)


@pytest.mark.parametrize(("opset", "ir"), [(14, 7), (15, 8), (17, 8), (19, 9), (21, 10)])
def test_the_opset_asked_for_is_the_one_written(bundle: Bundle, opset: int, ir: int) -> None:
    model = onnx_from_graph(bundle.graph, bundle.card, opset).proto()
    assert (model.opset_import[0].version, model.ir_version) == (opset, ir)
    x = bundle.batch.inputs[:8]
    np.testing.assert_allclose(run(model, x), bundle.batch.logits[:8], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("opset", [13, 7, 0, 999])
def test_an_opset_out_of_range_is_rejected(bundle: Bundle, opset: int) -> None:
    with pytest.raises(UserError, match=f"--opset {opset} is not supported: allowed are 14"):
        onnx_from_graph(bundle.graph, bundle.card, opset)


def test_reading_what_was_written_gives_the_same_graph(bundle: Bundle) -> None:
    again = read_onnx(onnx_from_graph(bundle.graph, bundle.card).proto())
    assert [(a.name, a.kind, a.hyper) for a in again.layers] == [
        (b.name, b.kind, b.hyper) for b in bundle.graph.layers
    ]
    for key, array in again.arrays().items():
        assert array.value.tobytes() == bundle.graph.arrays()[key].value.tobytes()


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


def test_what_mixes_the_images_of_a_batch_is_rejected() -> None:
    nodes = [
        N("Transpose", ["in put"], ["t"], perm=[1, 0, 2, 3], name="swap"),
        N("Relu", ["t"], ["h"], name="r"),
        *HEAD,
    ]
    with pytest.raises(UserError, match=r"Relu .*does not keep the batch.*Transpose swap"):
        read_onnx(foreign(nodes, {"w": weights(4, 84), "b": weights(4)}))


def test_everything_that_cannot_be_read_is_listed_at_once() -> None:
    nodes = [
        N("Conv", ["in put", "k"], ["a"], name="c1", group=3),
        N("Softplus", ["in put"], ["b"], name="n1"),
        N("Relu", ["b"], ["c"], name="r1"),
        N("Softplus", ["c"], ["e"], name="n2"),
        N("MaxPool", ["in put"], ["d"], name="p1", kernel_shape=[2, 2], dilations=[2, 2]),
        N("Sum", ["a", "d", "e"], ["s"], name="s1"),
        N("Gemm", ["s", "w"], ["y"], name="g1"),
        N("Mish", ["in put"], ["unused"], name="m1"),
    ]
    with pytest.raises(UserError) as caught:
        read_onnx(foreign(nodes, {"k": weights(3, 1, 3, 3), "w": weights(3, 3)}))
    text = str(caught.value)
    assert "Conv (node c1): " in text
    assert "3 kernels for 1 channels in 3 groups and gets 2" in text
    assert "Softplus (nodes n1, n2): no layer kind for it" in text
    assert "MaxPool (node p1): dilations" in text
    assert "r1" not in text  # it only follows n1
    assert "s1" not in text
    assert "m1" not in text  # nothing needs it
    assert "Operators that cifarx reads: Add, AveragePool," in text


@pytest.mark.parametrize(
    ("nodes", "tensors", "shape", "complaint"),
    [
        ([N("Relu", ["in put"], ["y"])], {}, ("n", 3, 3), "must be float32 images N x C x H x W"),
        ([N("Relu", ["in put"], ["y"])], {}, ("n", "c", 3, 3), "fixed C, H and W"),
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
def test_what_is_no_classifier_is_rejected(
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
    with pytest.raises(UserError, match=r"number of images|does not keep the batch"):
        read_onnx(foreign(nodes, arrays))
    fixed = foreign(nodes, arrays, shape=(2, 2, 6, 7), opset=15)
    x = weights(2, 2, 6, 7)
    again = onnx_from_graph(read_onnx(fixed), CARD).proto()
    np.testing.assert_allclose(run(again, x), run(fixed, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("forms", [("none", "none"), ("tanh", "none"), ("tanh", "tanh")])
def test_gelus_in_a_row_are_read_again(forms: tuple[str, str]) -> None:
    nodes = [
        N("Gelu", ["in put"], ["a"], approximate=forms[0]),
        N("Gelu", ["a"], ["y"], approximate=forms[1]),
    ]
    graph = read_onnx(foreign(nodes, {}, opset=20))
    again = read_onnx(onnx_from_graph(graph, CARD, 14).proto())
    assert [layer.hyper["Approximation"] for layer in again.layers] == list(forms)


def test_squares_of_squares_do_not_take_for_ever() -> None:
    names = ["in put", *(f"x{i}" for i in range(60)), "y"]
    nodes = [N("Mul", [x, x], [y]) for x, y in itertools.pairwise(names)]
    assert len(read_onnx(foreign(nodes, {})).layers) == 61


@pytest.mark.parametrize(
    ("node", "arrays"),
    [
        (N("Gather", ["in put", "i"], ["y"], axis=1), {"i": np.array([5])}),
        (N("GatherND", ["in put", "i"], ["y"]), {"i": np.array([[0, 9]])}),
        (N("Transpose", ["in put"], ["y"], perm=[0, 1, 1, 2]), {}),
        (N("Unsqueeze", ["in put", "i"], ["y"]), {"i": np.array([9])}),
        (N("Pad", ["in put", "i"], ["y"]), {"i": np.array([0, 0, 1])}),
        (N("Clip", ["in put", "i"], ["y"]), {"i": weights(2)}),
        (N("AveragePool", ["in put"], ["y"], kernel_shape=[1, 1], strides=[0, 0], ceil_mode=1), {}),
        (N("ConvTranspose", ["in put", "i"], ["y"], group=0), {"i": weights(2, 2, 1, 1)}),
    ],
    ids=lambda given: getattr(given, "op_type", ""),
)
def test_a_node_that_contradicts_itself_is_named(
    node: onnx.NodeProto, arrays: dict[str, np.ndarray]
) -> None:
    node.name = "the one"
    with pytest.raises(UserError, match=r"\(node the one\): "):
        read_onnx(foreign([node], arrays))


def test_an_attribute_that_no_reader_knows_is_refused_and_a_default_is_not() -> None:
    """So what a later opset adds to an operator is not passed over."""
    node = N("Relu", ["in put"], ["h"], "one", slope=0.1)
    with pytest.raises(UserError, match=r"Relu \(node one\): its attribute 'slope' is not known"):
        read_onnx(foreign([node, N("GlobalAveragePool", ["h"], ["y"])], {}))
    attributes = {"cubic_coeff_a": -0.5, "antialias": 0, "mode": "nearest", "exclude_outside": 1}
    scales = {"scales": np.array([1, 1, 2, 2], np.float32)}
    for wanted, kept in (({}, True), ({"antialias": 1}, False)):
        resize = N("Resize", ["in put", "", "scales"], ["h"], "one", **(attributes | wanted))
        model = foreign(
            [resize, N("AveragePool", ["h"], ["y"], kernel_shape=[3, 3])], scales, opset=18
        )
        if kept:
            assert read_onnx(model).layers[0].kind == "TransposedConvolution2DLayer"
        else:
            with pytest.raises(UserError, match="attribute 'antialias' is not known"):
                read_onnx(model)


def test_random_numbers_are_no_constants() -> None:
    noise = N("RandomNormal", [], ["c"], "noise", shape=[2, 1, 1])
    drawn = N("RandomNormalLike", ["c"], ["d"], "more")
    add = N("Add", ["in put", "d"], ["h"])
    with pytest.raises(UserError, match=r"RandomNormal \(node noise\): random numbers"):
        read_onnx(foreign([noise, drawn, add, N("GlobalAveragePool", ["h"], ["y"])], {}))


def test_weights_stored_in_eight_bits_are_constants() -> None:
    kernels = RANDOM.randint(-127, 127, (3, 2, 1, 1)).astype(np.int8)
    weights = {"k": kernels, "s": np.float32(0.5), "z": np.int8(1)}
    nodes = [N("DequantizeLinear", ["k", "s", "z"], ["w"]), N("Conv", ["in put", "w"], ["y"])]
    (layer,) = read_onnx(foreign(nodes, weights, opset=13)).layers
    np.testing.assert_array_equal(layer.arrays["Weights"].value, (kernels - 1.0) * 0.5)


def test_a_mask_that_nothing_takes_does_no_harm() -> None:
    drop = N("Dropout", ["in put"], ["h", "mask"], ratio=0.25)
    model = foreign([drop, N("GlobalAveragePool", ["h"], ["y"])], {}, opset=10)
    assert read_onnx(model).layers[0].kind == "DropoutLayer"


def test_a_scaling_keeps_its_size_whatever_its_numbers_are() -> None:
    arrays = {"w": weights(2, 1, 1), "b": np.zeros((2, 1, 1), np.float32)}
    nodes = [N("Mul", ["in put", "w"], ["h"]), N("Add", ["h", "b"], ["y"])]
    graph = read_onnx(foreign(nodes, arrays))
    again = read_onnx(onnx_from_graph(graph, CARD).proto())
    shapes = [{k: a.value.shape for k, a in la.arrays.items()} for la in again.layers]
    assert shapes == [{"Scale": (2,), "Offset": (2,)}]


def test_maps_of_one_pixel_are_logits() -> None:
    graph = read_onnx(foreign([N("GlobalAveragePool", ["in put"], ["y"])], {}))
    found = as_classifier(graph)
    assert found.shapes()[found.output] == (2,)
    assert found.layers[-1].kind == "FlattenLayer"
    assert as_classifier(found) == found


def test_images_channels_last_are_named_as_the_reason() -> None:
    nodes = [N("Transpose", ["in put"], ["h"], perm=[0, 3, 1, 2]), N("Conv", ["h", "k"], ["y"])]
    model = foreign(nodes, {"k": weights(4, 3, 2, 2)}, shape=(1, 8, 9, 3))
    with pytest.raises(UserError, match=r"channels-last, N x H x W x C\?.*--inputs-as-nchw"):
        read_onnx(model)
