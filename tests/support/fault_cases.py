"""Spoilt exports as data: how to spoil one, which layer is then at fault, what a report says.

`verify` must refuse each; benchmarks/ asks other tools whether they do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faults
import numpy as np
import onnx
from onnx import helper, numpy_helper

BN, MIXED, WIDE, RESIDUAL = "bn-tiny", "dynconv-tiny", "wide-tiny", "transfer-tiny"


@dataclass(frozen=True)
class Fault:
    """One way to spoil the files in a folder."""

    spoil: Callable[[Path], object]
    """Given the folder that has model.onnx, model.mat and runs/tiny."""
    layer: str | None
    """The layer at fault, as the original calls it, or as the file calls one that was added."""
    said: str = ""
    """Part of a line of the report."""
    network: str = BN
    numbers: bool = True
    """Whether any output is another; else only the files tell."""
    rejected: bool = False
    """Whether ONNX Runtime cannot run it on the images, so that nothing is compared."""
    images: int = 256
    """How many are compared, 256 if nobody asks for another number."""


def _weights(name: str, edit: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return lambda folder: faults.edit_initializer(folder, name, edit)


def _attribute(node: str, name: str, value: Any) -> Callable[[Path], None]:
    return lambda folder: faults.edit_attribute(folder, node, name, value)


def _both(*spoils: Callable[[Path], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        for one in spoils:
            one(folder)

    return spoil


def _exchange(one: str, other: str) -> Callable[[Path], None]:
    def change(model: onnx.ModelProto) -> None:
        a, b = (next(t for t in model.graph.initializer if t.name == n) for n in (one, other))
        a.name, b.name = b.name, a.name

    return lambda folder: faults.edit_onnx(folder, change)


def _bypass(folder: Path) -> None:
    """A constant of other numbers is used, the initializer of the right ones lies idle."""

    def change(model: onnx.ModelProto) -> None:
        (tensor,) = (t for t in model.graph.initializer if t.name == "fc2_weight")
        other = faults.flip_bit(numpy_helper.to_array(tensor).copy())
        constant = helper.make_node(
            "Constant", [], ["other"], value=numpy_helper.from_array(other, "other")
        )
        (gemm,) = (n for n in model.graph.node if n.name == "fc2")
        gemm.input[1] = "other"
        model.graph.node.insert(0, constant)

    faults.edit_onnx(folder, change)


def _side_file(folder: Path) -> None:
    """Weights in a file beside model.onnx, one bit of which is another."""
    path = folder / "model.onnx"
    onnx.save(
        onnx.load(path), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    model = onnx.load(path, load_external_data=False)
    (tensor,) = (t for t in model.graph.initializer if t.name == "conv3_weight")
    offset = int(next((e.value for e in tensor.external_data if e.key == "offset"), 0))
    content = bytearray((folder / "weights.bin").read_bytes())
    content[offset] ^= 1
    (folder / "weights.bin").write_bytes(content)


def _added(**parts: list[Any]) -> Callable[[Path], None]:
    """More of the graph's repeated fields."""

    def change(model: onnx.ModelProto) -> None:
        for name, more in parts.items():
            getattr(model.graph, name).extend(more)

    return lambda folder: faults.edit_onnx(folder, change)


def _smuggled(name: str, *shape: int) -> onnx.TensorProto:
    values = np.random.default_rng(7).standard_normal(shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def _constant(output: str) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [output], value=_smuggled("more", 100))


def _sparse(model: onnx.ModelProto) -> None:
    positions = numpy_helper.from_array(np.arange(4), "positions")
    more = helper.make_sparse_tensor(_smuggled("thin", 4), positions, [100])
    model.graph.sparse_initializer.append(more)


def _for_training(model: onnx.ModelProto) -> None:
    more = onnx.TrainingInfoProto()
    start = helper.make_node("Identity", ["first"], ["begun"], "start")
    shape = helper.make_tensor_value_info("begun", onnx.TensorProto.FLOAT, [100])
    more.initialization.CopyFrom(
        helper.make_graph([start], "first", [], [shape], [_smuggled("first", 100)])
    )
    model.training_info.append(more)


def _function(name: str, outputs: list[str], *nodes: onnx.NodeProto) -> onnx.FunctionProto:
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_function("helpers", name, ["x"], outputs, list(nodes), opsets)


def _with_function(model: onnx.ModelProto, function: onnx.FunctionProto) -> None:
    version = next(o.version for o in model.opset_import if not o.domain)
    function.opset_import[0].version = version
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("helpers", 1))


def _uncalled(model: onnx.ModelProto) -> None:
    add = helper.make_node("Add", ["x", "more"], ["y"])
    _with_function(model, _function("Later", ["y"], _constant("more"), add))


def _calling(outputs: list[str], *nodes: onnx.NodeProto) -> Callable[[Path], None]:
    """relu1 by a function of those outputs, the first of them read."""

    def change(model: onnx.ModelProto) -> None:
        relu = helper.make_node("Relu", ["x"], ["y"], "inner")
        _with_function(model, _function("Rectified", outputs, relu, *nodes))
        (node,) = (n for n in model.graph.node if n.name == "relu1")
        node.op_type, node.domain = "Rectified", "helpers"
        node.output.extend(outputs[1:])

    return lambda folder: faults.edit_onnx(folder, change)


_BRANCH = helper.make_node("Conv", ["image", "smuggled"], ["aside"], "branch")
_BRANCH_WEIGHT = _smuggled("smuggled", 8, 3, 3, 3)

IDLE: dict[str, Fault] = {
    "a convolution that nothing reads": Fault(
        _added(node=[_BRANCH], initializer=[_BRANCH_WEIGHT]),
        None,
        "unaccounted for: smuggled, branch (Conv that nothing reads)",
        numbers=False,
    ),
    "a convolution of which only the size is read": Fault(
        _added(
            node=[_BRANCH, helper.make_node("Shape", ["aside"], ["size"], "measure")],
            initializer=[_BRANCH_WEIGHT],
        ),
        None,
        "branch (Conv that nothing reads), measure (Shape that nothing reads)",
        numbers=False,
    ),
    "a constant that nothing reads": Fault(
        _added(node=[_constant("spare")]),
        None,
        "unaccounted for: spare (Constant that nothing reads)",
        numbers=False,
    ),
    "an initializer that nothing reads": Fault(
        _added(initializer=[_BRANCH_WEIGHT]), None, "unaccounted for: smuggled", numbers=False
    ),
    "a sparse initializer that nothing reads": Fault(
        lambda f: faults.edit_onnx(f, _sparse), None, "unaccounted for: thin", numbers=False
    ),
    "a graph for training": Fault(
        lambda f: faults.edit_onnx(f, _for_training),
        None,
        "unaccounted for: training_info",
        numbers=False,
    ),
    "a function that nothing calls": Fault(
        lambda f: faults.edit_onnx(f, _uncalled),
        None,
        "unaccounted for: Later (function that is not called)",
        numbers=False,
    ),
    "a constant that nothing reads in a function": Fault(
        _calling(["y"], _constant("spare")),
        None,
        "(Constant that nothing reads)",
        numbers=False,
    ),
    "an output of a function that nothing reads": Fault(
        _calling(["y", "z"], _constant("z")),
        None,
        "(Constant that nothing reads)",
        numbers=False,
    ),
}


WEIGHTS: dict[str, Fault] = {
    "one weight off by one unit in the last place": Fault(
        _weights("fc1_weight", faults.flip_bit), "fc1", "differing: fc1_weight (1 of 512 values"
    ),
    "one bias by 1e-3": Fault(
        _weights("conv2_bias", faults.at(0, lambda b: b + np.float32(1e-3))),
        "conv2",
        "differing: conv2_bias",
    ),
    "one kernel of thousands transposed": Fault(
        _weights("layer1_0_conv2_weight", faults.at((40, 7), np.transpose)),
        "layer1_0_conv2",
        "differing: layer1_0_conv2_weight (",
        RESIDUAL,
    ),
    "one kernel set transposed": Fault(
        _weights("conv2_weight", lambda w: w.swapaxes(2, 3)), "conv2", "differing: conv2_weight"
    ),
    "kernels turned by half a circle": Fault(
        _weights("conv1_weight", lambda w: w[:, :, ::-1, ::-1]), "conv1", "conv1_weight"
    ),
    "half precision in one layer": Fault(
        _weights("fc2_weight", faults.half), "fc2", "differing: fc2_weight"
    ),
    "half precision": Fault(lambda f: faults.edit_weights(f, faults.half), "conv1"),
    "bfloat16 in one layer": Fault(_weights("conv2_weight", faults.bfloat16), "conv2"),
    "bfloat16": Fault(lambda f: faults.edit_weights(f, faults.bfloat16), "conv1"),
    "int8 in one layer": Fault(_weights("fc1_weight", faults.int8), "fc1"),
    "int8": Fault(lambda f: faults.edit_weights(f, faults.int8), "conv1"),
    "weights printed with six digits": Fault(_weights("fc1_weight", faults.printed), "fc1"),
    "rows of two classes swapped": Fault(
        _both(_weights("fc2_weight", faults.swap_rows), _weights("fc2_bias", faults.swap_rows)),
        "fc2",
        "differing: fc2_weight",
    ),
    "a NaN": Fault(
        _weights("fc2_bias", lambda b: b * np.float32(np.nan)), "fc2", "not finite numbers"
    ),
    "one NaN in a channel": Fault(
        _weights("conv3_weight", faults.at((2, 1, 0, 0), lambda _: np.nan)), "conv3"
    ),
    "a channel zeroed": Fault(_weights("conv2_weight", faults.at(3, np.zeros_like)), "conv2"),
    "one weight of the other sign": Fault(
        _weights("fc1_weight", faults.at((2, 3), np.negative)), "fc1"
    ),
    "channels of colour in reverse": Fault(_weights("conv1_weight", lambda w: w[:, ::-1]), "conv1"),
    "scaled by a millionth more": Fault(
        _weights("conv1_weight", lambda w: w * np.float32(1 + 1e-6)), "conv1"
    ),
    "biases moved on by one channel": Fault(
        _weights("fc1_bias", lambda b: np.roll(b, 1)), "fc1", "differing: fc1_bias"
    ),
    "weights of two layers exchanged": Fault(
        _exchange("layer1_0_conv1_weight", "layer1_0_conv2_weight"),
        "layer1_0_conv1",
        "differing: layer1_0_conv1_weight",
        RESIDUAL,
    ),
    "batch norm's mean and variance exchanged": Fault(
        _exchange("norm2_running_mean", "norm2_running_var"), "norm2"
    ),
    "biased variance for the unbiased": Fault(
        _weights("norm1_running_var", lambda v: v * np.float32(1023 / 1024)), "norm1"
    ),
    "one bit of a side file": Fault(
        _side_file, "conv3", "differing: conv3_weight (1 of 432 values"
    ),
    "an unused copy of the right weights": Fault(
        _bypass, "fc2", "differing: other (1 of 160 values"
    ),
}


def _second_output(model: onnx.ModelProto) -> None:
    node = helper.make_node("Softmax", ["logits"], ["probs"], "softmax", axis=1)
    model.graph.node.append(node)
    shape = ["N", 10]
    model.graph.output.append(helper.make_tensor_value_info("probs", onnx.TensorProto.FLOAT, shape))


def _insert(after: str, *nodes: tuple[Any, ...], **constants: Any) -> Callable[[Path], None]:
    """Nodes given as (operator, inputs, outputs, name, attributes)."""

    def spoil(folder: Path) -> None:
        made = [helper.make_node(*node[:4], **dict(*node[4:])) for node in nodes]
        faults.insert_nodes(folder, after, *made, **constants)

    return spoil


def _one(operator: str, name: str, **attributes: Any) -> tuple[Any, ...]:
    return operator, ["x"], ["y"], name, attributes


def _scaled(name: str) -> tuple[Any, ...]:
    return "Mul", ["x", "little"], ["y"], name


def _replace(node: str, operator: str, **attributes: Any) -> Callable[[Path], None]:
    return lambda folder: faults.replace_node(folder, node, operator, **attributes)


def _remove(node: str) -> Callable[[Path], None]:
    return lambda folder: faults.remove_node(folder, node)


def _reads(node: str, number: int, value: str) -> Callable[[Path], None]:
    def change(found: onnx.NodeProto) -> None:
        found.input[number] = value

    return lambda folder: faults.edit_node(folder, node, change)


def _clipped(folder: Path) -> None:
    faults.replace_node(folder, "relu3", "Clip")

    def change(model: onnx.ModelProto) -> None:
        for name, value in (("low", 0.0), ("high", 1e4)):
            model.graph.initializer.append(
                numpy_helper.from_array(np.asarray(value, np.float32), name)
            )
        (node,) = (n for n in model.graph.node if n.name == "relu3")
        node.input.extend(["low", "high"])

    faults.edit_onnx(folder, change)


def _training(folder: Path) -> None:
    def change(node: onnx.NodeProto) -> None:
        node.attribute.append(helper.make_attribute("training_mode", 1))
        node.output.extend(["batch_mean", "batch_variance"])

    faults.edit_node(folder, "norm2", change)


def _in_groups(folder: Path) -> None:
    faults.edit_initializer(folder, "block2_mixed_convolutions_0_weight", lambda w: w[:, :2])
    faults.edit_attribute(folder, "block2_mixed_convolutions_0", "group", 2)


def _without_bias(node: onnx.NodeProto) -> None:
    del node.input[2:]


def _quantized(folder: Path) -> None:
    scale, zero = np.float32(0.05), np.zeros((), np.int8)
    _insert(
        "relu2",
        ("QuantizeLinear", ["x", "step", "zero"], ["small"], "quantize"),
        ("DequantizeLinear", ["small", "step", "zero"], ["y"], "dequantize"),
        step=scale,
        zero=zero,
    )(folder)


def _exchanged_coefficients(model: onnx.ModelProto) -> None:
    nodes = {node.name: node for node in model.graph.node}
    first, second = nodes["block3_mixed"], nodes["block3_mixed_2"]
    first.input[0], second.input[0] = second.input[0], first.input[0]
    moved = helper.make_node("Mul", first.input, first.output, first.name)
    model.graph.node.remove(first)
    model.graph.node.insert(list(model.graph.node).index(second), moved)


_MOVED = ": the same in another order"
_LITTLE = np.float32(1 + 2**-20)
_TO_HALF = (
    ("Cast", ["x"], ["as_half"], "narrow", {"to": onnx.TensorProto.FLOAT16}),
    ("Cast", ["as_half"], ["y"], "widen", {"to": onnx.TensorProto.FLOAT}),
)
_TO_DOUBLE = (
    ("Cast", ["x"], ["as_double"], "widen", {"to": onnx.TensorProto.DOUBLE}),
    ("Cast", ["as_double"], ["y"], "narrow", {"to": onnx.TensorProto.FLOAT}),
)

GRAPH: dict[str, Fault] = {
    "a stride moved to the next layer": Fault(
        _both(_attribute("conv1", "strides", [2, 2]), _attribute("conv2", "strides", [1, 1])),
        "conv1",
        "conv1 has Stride (2, 2), not (1, 1), conv2 has Stride (1, 1), not (2, 2)",
    ),
    "pads shifted": Fault(
        _attribute("conv1", "pads", [0, 1, 2, 1]),
        "conv1",
        "conv1 has Padding (0, 2, 1, 1), not (1, 1, 1, 1)",
    ),
    "pads of a strided convolution at the end, as TensorFlow has them": Fault(
        _attribute("conv2", "pads", [0, 0, 1, 1]), "conv2", "conv2 has Padding (0, 1, 0, 1)"
    ),
    "dilated": Fault(
        _both(_attribute("conv3", "dilations", [2, 2]), _attribute("conv3", "pads", [2, 2, 2, 2])),
        "conv3",
        "conv3 has DilationFactor (2, 2), not (1, 1)",
    ),
    "in groups": Fault(_in_groups, "block2_mixed_convolutions_0", network=MIXED),
    "a bias left out": Fault(lambda f: faults.edit_node(f, "conv2", _without_bias), "conv2"),
    "a bias that counts for nothing": Fault(_attribute("fc2", "beta", 0.0), "fc2"),
    "a product a millionth larger": Fault(_attribute("fc1", "alpha", float(_LITTLE)), "fc1"),
    "maximum for average pooling": Fault(
        _replace("pool", "MaxPool", kernel_shape=[8, 8], strides=[8, 8]), "pool", "pool is a Max"
    ),
    "average for maximum pooling": Fault(
        _replace("pool2", "AveragePool", kernel_shape=[2, 2], strides=[2, 2]), "pool2", network=WIDE
    ),
    "larger windows, their padding not counted": Fault(
        _replace(
            "pool",
            "AveragePool",
            kernel_shape=[10, 10],
            strides=[8, 8],
            pads=[1, 1, 1, 1],
            count_include_pad=0,
        ),
        "pool",
    ),
    "pooling that rounds sizes up": Fault(
        _replace("pool1", "MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        "pool1",
        network=WIDE,
    ),
    "epsilon doubled": Fault(
        _attribute("norm2", "epsilon", 2e-5), "norm2", "norm2 has Epsilon 2e-05, not 1e-05"
    ),
    "epsilon a thousand times larger": Fault(
        _attribute("norm2", "epsilon", 1e-2), "norm2", "norm2 has Epsilon 0.01, not 1e-05"
    ),
    "epsilon off by less than shows": Fault(
        _attribute("norm2", "epsilon", 1.0003e-5), "norm2", "norm2 has Epsilon", numbers=False
    ),
    "batch norm in training mode": Fault(_training, "norm2", "training_mode=1"),
    "leaky activation": Fault(_replace("relu2", "LeakyRelu", alpha=0.01), "relu2"),
    "smooth activation": Fault(_replace("relu1", "Elu", alpha=1.0), "relu1", "relu1 is a ELU"),
    "an activation dropped": Fault(_remove("relu2"), "relu2", "relu2 missing"),
    "an activation clipped where no image reaches": Fault(
        _clipped, "relu3", "relu3 is a ClippedReLULayer, not a ReLULayer", numbers=False
    ),
    "an activation dropped, all names changed": Fault(
        _both(_remove("relu2"), faults.rename_everything), "relu2", "relu2 missing"
    ),
    "flattened in the order of TensorFlow": Fault(
        _insert("pool", _one("Transpose", "turn", perm=[0, 2, 3, 1])), "fc1", _MOVED
    ),
    "flattened in the order of MATLAB": Fault(
        _insert("pool", _one("Transpose", "turn", perm=[0, 1, 3, 2])), "fc1", _MOVED
    ),
    "maps turned in the middle": Fault(
        _insert("relu2", _one("Transpose", "turn", perm=[0, 1, 3, 2])), "norm2"
    ),  # which reads them; a transposition is no layer
    "a layer added": Fault(_insert("norm1", _scaled("gain"), little=_LITTLE), "gain", "gain added"),
    "a layer added, all names changed": Fault(
        _both(_insert("norm1", _scaled("gain"), little=_LITTLE), faults.rename_everything), "n3"
    ),
    "a layer added at the end": Fault(
        _insert("fc2", _scaled("gain"), little=_LITTLE), "gain", "gain added"
    ),
    "a layer added that changes nothing": Fault(
        _insert("relu1", _one("Relu", "again")), "again", "again added", numbers=False
    ),
    "a softmax added": Fault(_insert("fc2", _one("Softmax", "soft", axis=1)), "soft"),
    "an operator of no layer kind added": Fault(
        _insert("fc2", _one("Tan", "bent")), "bent", "Tan (node bent): no layer kind"
    ),
    "values through half precision": Fault(_insert("relu1", *_TO_HALF), "narrow"),
    "values through double precision and back": Fault(
        _insert("relu1", *_TO_DOUBLE),
        "widen",
        "model.onnx tensors not compared with the checkpoint: its network cannot be read",
        numbers=False,
    ),
    "values through eight bits": Fault(_quantized, "quantize"),
    "dropout dropped": Fault(_remove("drop3"), "drop3", "drop3 missing", numbers=False),
    "a shortcut from before the activation": Fault(
        _reads("block2", 1, "block1_norm"), "block2", "block2 reads", MIXED
    ),
    "a shortcut that is the block itself": Fault(
        _reads("block1", 1, "block1_mixed_3"),
        "block1_shortcut",
        "block1_shortcut missing, block1 reads block1_mixed_3, block1_mixed_3, not",
        MIXED,
    ),
    "coefficients of two convolutions exchanged": Fault(
        lambda f: faults.edit_onnx(f, _exchanged_coefficients),
        "block3_mixed",
        "block3_mixed reads block3_mixed_coefficients_1,",
        MIXED,
    ),
    "a product for a sum": Fault(_replace("block2", "Mul"), "block2", network=MIXED),
    "a second output": Fault(
        lambda f: faults.edit_onnx(f, _second_output),
        "softmax",
        "outputs differ in number or size (without the batch): model.onnx (10,), (10,)",
    ),
}


def _card(key: str, edit: Callable[[Any], Any]) -> Callable[[Path], None]:
    return lambda folder: faults.edit_metadata(folder, key, edit)


def _smaller(model: onnx.ModelProto) -> None:
    for axis in (2, 3):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = 28


CARD: dict[str, Fault] = {
    "class names swapped": Fault(
        _card("classes", faults.swap_names), None, "model.onnx has classes 'ring, disc,"
    ),
    "mean changed": Fault(
        _card("mean", lambda m: [m[0] + 1, *m[1:]]),
        None,
        "model.onnx has mean '128.5, 127.5, 127.5', the run '127.5, 127.5, 127.5'",
    ),
    "standard deviation changed": Fault(
        _card("std", lambda s: [*s[:2], s[2] / 255]), None, "model.onnx has std"
    ),
    "the digest of another checkpoint": Fault(
        lambda f: faults.edit_onnx(f, lambda m: _replace_digest(m)),
        None,
        "model.onnx has checkpoint_sha256",
        numbers=False,
    ),
    "smaller images": Fault(
        lambda f: faults.edit_onnx(f, _smaller),
        None,
        "inputs differ in number or size (without the batch): model.onnx (3, 28, 28)",
        MIXED,
        rejected=True,
    ),
}


def _replace_digest(model: onnx.ModelProto) -> None:
    (entry,) = (e for e in model.metadata_props if e.key == "checkpoint_sha256")
    entry.value = entry.value.replace(entry.value[:8], "0" * 8)


ONNX_FAULTS = WEIGHTS | GRAPH | CARD | IDLE
