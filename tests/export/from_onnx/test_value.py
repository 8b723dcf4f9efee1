"""Random chains of what only rearranges: read rightly, or refused; ONNX Runtime is the judge."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.network.model_card import ModelCard
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError

CARD = ModelCard("net", "recipe", (), (), (), "0" * 64)
Draw = st.DataObject
Shape = tuple[int, ...]


@dataclass
class Drawing:
    """An ONNX graph while it is drawn; every value is tracked by its shape."""

    data: Draw
    opset: int
    batch: int
    symbolic: bool
    """Whether the batch may be any; then targets of Reshape must not name it."""
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def choose(self, options: Any) -> Any:
        return self.data.draw(st.sampled_from(list(options)))

    def number(self, low: int, high: int) -> int:
        return self.data.draw(st.integers(low, high))

    def constant(self, array: Any) -> str:
        name = f"c{len(self.arrays)}"
        self.arrays[name] = np.asarray(array)
        return name

    def random(self, *shape: int) -> str:
        """Numbers that differ from one another, so that no two orders give the same result."""
        return self.constant(
            np.random.RandomState(len(self.arrays)).standard_normal(shape).astype(np.float32)
        )

    def node(
        self, operator: str, inputs: list[str], *shapes: Shape, **attributes: Any
    ) -> tuple[str, ...]:
        outputs = tuple(f"v{len(self.shapes) + i}" for i in range(len(shapes)))
        self.nodes.append(helper.make_node(operator, inputs, list(outputs), **attributes))
        self.shapes.update(zip(outputs, shapes, strict=True))
        return outputs

    def axis(self, rank: int) -> tuple[int, int]:
        """An axis, and how the node names it: from the first or from the last."""
        axis = self.number(0, rank - 1)
        return axis, axis if self.choose((True, False)) else axis - rank

    def with_axes(self, operator: str, x: str, axes: list[int], shape: Shape) -> str:
        """Since opset 13 axes are an input."""
        if self.opset < 13:
            return self.node(operator, [x], shape, axes=axes)[0]
        return self.node(operator, [x, self.constant(np.array(axes))], shape)[0]


def reshape(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    first = 1 if drawing.symbolic else 0
    if drawing.symbolic and shape[0] != drawing.batch:
        return x
    rest = math.prod(shape[first:])
    sizes: list[int] = []
    for _ in range(drawing.number(0, 3)):
        sizes.append(drawing.choose(n for n in range(1, rest + 1) if rest % n == 0))
        rest //= sizes[-1]
    sizes.append(rest)
    whole = (*shape[:first], *sizes)
    target = list(whole)
    if drawing.symbolic:
        target[0] = 0
    elif drawing.choose((True, False)):
        target[drawing.number(0, len(target) - 1)] = -1
    return drawing.node("Reshape", [x, drawing.constant(np.array(target))], whole)[0]


def flatten(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    axis = drawing.number(1 if drawing.symbolic else 0, len(shape))
    two = (math.prod(shape[:axis]), math.prod(shape[axis:]))
    return drawing.node("Flatten", [x], two, axis=axis)[0]


def transpose(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    order = drawing.data.draw(st.permutations(range(len(shape))))
    if drawing.symbolic or drawing.choose((True, True, False)):  # mostly as networks do it
        order = [0, *(a for a in order if a)]
    return drawing.node("Transpose", [x], tuple(shape[a] for a in order), perm=order)[0]


def take_slice(drawing: Drawing, x: str) -> str:
    shape = list(drawing.shapes[x])
    axis, named = drawing.axis(len(shape))
    if axis == 0:
        return x
    low, high = (drawing.number(-shape[axis] - 1, shape[axis] + 1) for _ in range(2))
    step = drawing.choose((1, 1, 2, 3, -1, -2))
    shape[axis] = len(range(shape[axis])[low:high:step])
    if not shape[axis]:
        return x
    parts = [drawing.constant(np.array([n])) for n in (low, high, named, step)]
    return drawing.node("Slice", [x, *parts], tuple(shape))[0]


def split(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    axis, named = drawing.axis(len(shape))
    if axis == 0 or shape[axis] == 1:
        return x
    first = drawing.number(1, shape[axis] - 1)
    sizes = [first, shape[axis] - first]
    shapes = [(*shape[:axis], n, *shape[axis + 1 :]) for n in sizes]
    if drawing.opset < 13:
        return drawing.node("Split", [x], *shapes, axis=named, split=sizes)[0]
    parts = drawing.constant(np.array(sizes))
    return drawing.choose(drawing.node("Split", [x, parts], *shapes, axis=named))


def squeeze(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    ones = [a for a, n in enumerate(shape) if n == 1 and (a or not drawing.symbolic)]
    if not ones or len(shape) < 3:
        return x
    axis = drawing.choose(ones)
    named = axis if drawing.choose((True, False)) else axis - len(shape)
    return drawing.with_axes("Squeeze", x, [named], (*shape[:axis], *shape[axis + 1 :]))


def unsqueeze(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    if len(shape) > 4:
        return x
    axis = drawing.number(1 if drawing.symbolic else 0, len(shape))
    named = axis if drawing.choose((True, False)) else axis - len(shape) - 1
    return drawing.with_axes("Unsqueeze", x, [named], (*shape[:axis], 1, *shape[axis:]))


def gather(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    axis, named = drawing.axis(len(shape))
    if axis == 0 or len(shape) < 3:
        return x
    size = shape[axis]
    positions = drawing.data.draw(
        st.one_of(
            st.integers(-size, size - 1),
            st.lists(st.integers(-size, size - 1), min_size=1, max_size=size),
            st.permutations(range(size)),
        )
    )
    array = np.array(positions, np.int64)
    whole = (*shape[:axis], *array.shape, *shape[axis + 1 :])
    return drawing.node("Gather", [x, drawing.constant(array)], whole, axis=named)[0]


def expand(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    ones = [a for a, n in enumerate(shape) if n == 1 and a]
    target = list(shape)
    if ones:
        target[drawing.choose(ones)] = drawing.number(1, 3)
    named = [1 if drawing.symbolic and a == 0 else n for a, n in enumerate(target)]
    return drawing.node("Expand", [x, drawing.constant(np.array(named))], tuple(target))[0]


def pad(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    if len(shape) != 4:
        return x
    ends = [(0, 0), *((drawing.number(-1, 2), drawing.number(-1, 2)) for _ in range(3))]
    whole = tuple(n + first + last for n, (first, last) in zip(shape, ends, strict=True))
    if min(whole) < 1 or any(n + min(e) < 1 for n, e in zip(shape, ends, strict=True)):
        return x
    pads = drawing.constant(np.array([first for first, _ in ends] + [last for _, last in ends]))
    number = drawing.constant(np.float32(drawing.choose((0, 1.5))))
    return drawing.node("Pad", [x, pads, number], whole)[0]


def relu(drawing: Drawing, x: str) -> str:
    return drawing.node("Relu", [x], drawing.shapes[x])[0]


def constant_operand(drawing: Drawing, x: str) -> str:
    """A sum or product with a constant that stretches along some axes."""
    shape = drawing.shapes[x]
    sizes = [drawing.choose((1, n)) for n in shape[1:]]
    operand = drawing.random(*sizes[drawing.number(0, len(sizes)) :])
    given = [x, operand] if drawing.choose((True, False)) else [operand, x]
    return drawing.node(drawing.choose(("Add", "Mul", "Sub")), given, shape)[0]


def slopes(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    sizes = [drawing.choose((1, n)) for n in shape[1:]]
    return drawing.node("PRelu", [x, drawing.random(*sizes)], shape)[0]


def batch_normalization(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    if len(shape) < 2:
        return x
    arrays = [drawing.random(shape[1]) for _ in range(3)]
    variance = drawing.constant(np.linspace(1, 2, shape[1], dtype=np.float32))
    return drawing.node("BatchNormalization", [x, *arrays, variance], shape)[0]


def mean(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    axis, named = drawing.axis(len(shape))
    if axis == 0 or len(shape) < 3:
        return x
    keep = drawing.number(0, 1)
    whole = (*shape[:axis], *[1] * keep, *shape[axis + 1 :])
    operator = drawing.choose(("ReduceMean", "ReduceMax"))
    if drawing.opset < 18:
        return drawing.node(operator, [x], whole, axes=[named], keepdims=keep)[0]
    axes = drawing.constant(np.array([named]))
    return drawing.node(operator, [x, axes], whole, keepdims=keep)[0]


def softmax(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    axis, named = drawing.axis(len(shape))
    return drawing.node("Softmax", [x], shape, axis=named)[0] if axis else x


def convolution(drawing: Drawing, x: str) -> str:
    n, c, h, w = drawing.shapes[x]
    kernels = drawing.random(2, c, 1, min(2, w))
    return drawing.node("Conv", [x, kernels], (n, 2, h, w - min(2, w) + 1))[0]


def pooling(drawing: Drawing, x: str) -> str:
    n, c, _, _ = drawing.shapes[x]
    return drawing.node("GlobalAveragePool", [x], (n, c, 1, 1))[0]


def linear(drawing: Drawing, x: str) -> str:
    n, features = drawing.shapes[x]
    arrays = [drawing.random(3, features), drawing.random(3)]
    return drawing.node("Gemm", [x, *arrays], (n, 3), transB=1)[0]


def product(drawing: Drawing, x: str) -> str:
    shape = drawing.shapes[x]
    return drawing.node("MatMul", [x, drawing.random(shape[-1], 2)], (*shape[:-1], 2))[0]


def join(drawing: Drawing, x: str, y: str) -> str:
    """Two values as one, where they fit."""
    a, b = drawing.shapes[x], drawing.shapes[y]
    if a == b and drawing.choose((True, False)):
        return drawing.node(drawing.choose(("Add", "Mul", "Sub")), [x, y], a)[0]
    axes = [
        i
        for i in range(1, len(a))
        if len(a) == len(b) and (*a[:i], *a[i + 1 :]) == (*b[:i], *b[i + 1 :])
    ]
    if not axes:
        return x
    axis = drawing.choose(axes)
    whole = (*a[:axis], a[axis] + b[axis], *a[axis + 1 :])
    return drawing.node("Concat", [x, y], whole, axis=axis)[0]


REARRANGE = [reshape, transpose] * 2 + [
    flatten,
    take_slice,
    split,
    squeeze,
    unsqueeze,
    gather,
    expand,
]
COMPUTE = [pad, relu, constant_operand, slopes, batch_normalization, mean, softmax, product]
ENDS = {2: [linear, product], 4: [convolution, pooling]}


def drawn(data: Draw) -> tuple[onnx.ModelProto, np.ndarray]:
    """A model, and images for it."""
    symbolic = data.draw(st.booleans())
    batch = 3 if symbolic else data.draw(st.integers(1, 3))
    drawing = Drawing(data, data.draw(st.sampled_from((11, 13, 18))), batch, symbolic)
    axes = data.draw(st.sampled_from((1, 3, 3)))  # features or maps
    size = tuple(data.draw(st.integers(1, 4 if axes == 3 else 6)) for _ in range(axes))
    drawing.shapes["x"] = (batch, *size)
    values = ["x"]
    for _ in range(data.draw(st.integers(1, 7))):
        step = drawing.choose(REARRANGE * 2 + COMPUTE)
        # from the newest value, or at times from an older one, so that there are branches
        values.append(step(drawing, drawing.choose((values[-1], values[-1], *values))))
    last = values[-1]
    if drawing.choose((True, False)):
        last = join(drawing, last, drawing.choose(values))
    if (rank := len(drawing.shapes[last])) in ENDS and drawing.choose((True, True, False)):
        last = drawing.choose(ENDS[rank])(drawing, last)
    graph = helper.make_graph(
        drawing.nodes,
        "g",
        [
            helper.make_tensor_value_info(
                "x", TensorProto.FLOAT, ["N" if symbolic else batch, *size]
            )
        ],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in drawing.arrays.items()],
    )
    opsets = [helper.make_opsetid("", drawing.opset)]
    x = np.random.RandomState(0).standard_normal((batch, *size)).astype(np.float32)
    return helper.make_model(graph, opset_imports=opsets, ir_version=8), x


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {session.get_inputs()[0].name: x})
    return np.asarray(y)


@given(st.data())
@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)
def test_a_chain_is_read_rightly_or_refused(data: Draw) -> None:
    model, x = drawn(data)
    expected = run(model, x)
    try:
        graph = read_onnx(model)
    except UserError:
        event("refused")
        return
    event("read")
    found = run(onnx_from_graph(graph, CARD).proto(), x.reshape(len(x), *graph.inputs[0].shape))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
