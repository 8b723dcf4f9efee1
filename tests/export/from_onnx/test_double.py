"""Constants that an ONNX file computes from its initializers, as float64 gives them."""

from __future__ import annotations

import numpy as np
from foreign_onnx import HEAD, N, foreign
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.from_onnx.double import as_double, read_onnx_exactly
from cifarx.export.network.compute import run_graph
from cifarx.export.network.exact_constants import ulps_off

RANDOM = np.random.RandomState(0)


def drawn(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


WEIGHTS = {
    "mean": np.float32([0.485, 0.456]).reshape(2, 1, 1),
    "std": np.float32([0.229, 0.224]).reshape(2, 1, 1),
    "g": np.float32([0.7, 1.1, 0.3]).reshape(3, 1),
    "n": np.float32([1.7]).reshape(1, 1),
    "v": drawn(3, 84),
    "b": drawn(3),
}
NODES = [
    N("Sub", ["in put", "mean"], ["centred"]),
    N("Div", ["centred", "std"], ["h"]),
    N("Div", ["g", "n"], ["factor"]),
    N("Mul", ["v", "factor"], ["w"]),
    *HEAD,
]


def expected(x: np.ndarray) -> np.ndarray:
    w = {name: value.astype(np.float64) for name, value in WEIGHTS.items()}
    h = ((x.astype(np.float64) - w["mean"]) / w["std"]).reshape(len(x), -1)
    return h @ (w["v"] * (w["g"] / w["n"])).T + w["b"]


def test_constants_of_sub_div_and_mul_are_rounded_from_float64() -> None:
    graph = read_onnx_exactly(foreign(NODES, WEIGHTS))
    x = drawn(4, 2, 6, 7)
    truth = expected(x)
    size = np.sqrt(np.mean(truth**2))
    assert np.abs(run_graph(graph, x, exact=True) - truth).max() <= 1e-11 * size
    assert np.abs(run_graph(graph, x) - truth).max() > 1e-9 * size
    exact = {place[1] for place, array in graph.arrays().items() if array.exact is not None}
    assert exact >= {"Scale", "Weights"}
    for array in graph.arrays().values():
        if array.exact is not None:
            assert ulps_off(array.value, array.exact) <= 0.5


def test_initializers_keep_their_bits_and_are_not_computed() -> None:
    given = {"w": drawn(3, 84), "b": drawn(3)}
    arrays = read_onnx_exactly(foreign([N("Relu", ["in put"], ["h"]), *HEAD], given)).arrays()
    assert all(array.exact is None for array in arrays.values())
    assert {a.source: a.value.tobytes() for a in arrays.values()} == {
        name: value.tobytes() for name, value in given.items()
    }


def test_a_cast_of_constants_to_float32_is_one_to_float64() -> None:
    cast = [N("Cast", ["g"], ["factor"], to=TensorProto.FLOAT)]
    nodes = [*NODES[:2], *cast, *NODES[3:]]
    graph = read_onnx_exactly(foreign(nodes, WEIGHTS))
    (linear,) = (la for la in graph.layers if la.kind == "FullyConnectedLayer")
    w = WEIGHTS["v"].astype(np.float64) * WEIGHTS["g"].astype(np.float64)
    found = linear.arrays["Weights"].exact
    assert found is not None
    np.testing.assert_array_equal(found, w)


def test_everything_that_is_float32_becomes_float64() -> None:
    inner = helper.make_graph(
        [N("Constant", [], ["c"], value_float=0.1)],
        "inner",
        [],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, [])],
        [numpy_helper.from_array(np.float32([1]), "k")],
    )
    nodes = [
        N("If", ["yes"], ["i"], then_branch=inner, else_branch=inner),
        N("Constant", [], ["t"], value=numpy_helper.from_array(np.float32([2]))),
        N("Constant", [], ["floats"], value_floats=[0.1, 0.2]),
        N("Cast", ["in put"], ["h"], to=TensorProto.FLOAT),
        *HEAD,
    ]
    model = foreign(nodes, {"yes": np.array(True), "w": drawn(3, 84), "b": drawn(3)})
    before = model.SerializeToString()
    wide = as_double(model)
    assert model.SerializeToString() == before
    types = {t.name: t.data_type for t in wide.graph.initializer}
    assert types == {"yes": TensorProto.BOOL, "w": TensorProto.DOUBLE, "b": TensorProto.DOUBLE}
    values = [*wide.graph.input, *wide.graph.output]
    assert {v.type.tensor_type.elem_type for v in values} == {TensorProto.DOUBLE}
    attributes = {n.output[0]: n.attribute for n in wide.graph.node}
    assert numpy_helper.to_array(attributes["t"][0].t).dtype == np.float64
    floats = numpy_helper.to_array(attributes["floats"][0].t)
    assert floats.dtype == np.float64
    np.testing.assert_allclose(floats, [0.1, 0.2], rtol=1e-7)
    assert attributes["h"][0].i == TensorProto.DOUBLE
    for branch in attributes["i"]:
        assert numpy_helper.to_array(branch.g.node[0].attribute[0].t).dtype == np.float64
        assert branch.g.initializer[0].data_type == TensorProto.DOUBLE


def test_constants_inside_functions_are_computed_too() -> None:
    function = helper.make_function(
        "own",
        "Normalise",
        ["x", "m", "s"],
        ["y"],
        [N("Sub", ["x", "m"], ["c"]), N("Div", ["c", "s"], ["y"])],
        [helper.make_opsetid("", 17)],
    )
    nodes = [N("Normalise", ["in put", "mean", "std"], ["h"], domain="own"), *NODES[2:]]
    model = foreign(nodes, WEIGHTS)
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("own", 1))
    x = drawn(2, 2, 6, 7)
    truth = expected(x)
    found = run_graph(read_onnx_exactly(model), x, exact=True)
    assert np.abs(found - truth).max() <= 1e-11 * np.abs(truth).max()
