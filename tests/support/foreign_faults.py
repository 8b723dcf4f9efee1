"""Spoilt exports of networks that the project did not write, as data.

Each of `FOREIGN_FAULTS` is one of the file model.onnx; most are also one of ONNX Runtime over the
right file. `FOREIGN_MAT_FAULTS` are of model.mat. There are four networks with gates of SiLU, GELU
with layer norm, constants that the exporter computed, and a regressor; and those of
`function_networks`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faults
import numpy as np
import onnx
import pytest
from onnx import helper

from cifarx.verify.engines.onnx_runtime import OnnxRuntime

GATES, NORMS, FOLDED, REGRESSOR = (
    "small_efficientnet", "small_convnext", "folded_constants", "pilotnet"
)  # fmt: skip
MISH, HEAD, EMBEDDING, RETRIEVAL, RESPONSE, VOTES, SHRINKING = (
    "mish_net", "gaussian_head", "embedding", "retrieval", "response_net", "votes", "shrinking"
)  # fmt: skip


@dataclass(frozen=True)
class ForeignFault:
    """One way to spoil the files in a folder."""

    network: str
    spoil: Callable[[Path], object]
    layer: str | tuple[str, ...]
    """The layer at fault, as the original calls it; of several that are one function, any."""
    in_runtime: bool = True
    """Whether it is more than rounding, so that the layers of a runtime with it show it."""


def _weights(name: str, edit: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return lambda folder: faults.edit_initializer(folder, name, edit)


def _attribute(node: str, name: str, value: Any) -> Callable[[Path], None]:
    return lambda folder: faults.edit_attribute(folder, node, name, value)


def _replace(node: str, operator: str, **attributes: Any) -> Callable[[Path], None]:
    return lambda folder: faults.replace_node(folder, node, operator, **attributes)


def _little_more(array: np.ndarray) -> np.ndarray:
    """A thousandth more, of all numbers."""
    return array * np.float32(1.001)


def _units_more(array: np.ndarray) -> np.ndarray:
    """Two units in the last place more, of all numbers."""
    return np.nextafter(np.nextafter(array, np.float32(np.inf)), np.float32(np.inf))


def _first_more(array: np.ndarray) -> np.ndarray:
    """One number by a thousandth more, absolutely."""
    return faults.at(0, lambda b: b + np.float32(1e-3))(array)


def _classes_exchanged(layer: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        for name in (f"{layer}_weight", f"{layer}_bias"):
            faults.edit_initializer(folder, name, faults.swap_rows)

    return spoil


def _reads(node: str, *inputs: str, operator: str = "") -> Callable[[Path], None]:
    """Other inputs for a node, and perhaps another operator."""

    def change(found: onnx.NodeProto) -> None:
        found.op_type = operator or found.op_type
        found.input[:] = inputs

    return lambda folder: faults.edit_node(folder, node, change)


def _tanh_for_erf(act: str) -> Callable[[Path], None]:
    """GELU by tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)) for GELU by erf."""

    def change(model: onnx.ModelProto) -> None:
        (x,) = (n.input[0] for n in model.graph.node if n.name == f"{act}_over_root")
        kept = [n for n in model.graph.node if not n.name.startswith(act)]
        place = next(i for i, n in enumerate(model.graph.node) if n.name.startswith(act))
        steps = [
            ("Mul", x, x, "square"),
            ("Mul", f"{act}_square", x, "cube"),
            ("Mul", f"{act}_cube", f"{act}_small", "part"),
            ("Add", x, f"{act}_part", "inner"),
            ("Mul", f"{act}_inner", f"{act}_steep", "scaled"),
            ("Tanh", f"{act}_scaled", "", "tanh"),
            ("Add", f"{act}_tanh", f"{act}_one", "bracket"),
            ("Mul", x, f"{act}_bracket", "product"),
        ]
        nodes = [
            helper.make_node(kind, [a, b] if b else [a], [f"{act}_{name}"], f"{act}_{name}")
            for kind, a, b, name in steps
        ]
        nodes.append(helper.make_node("Mul", [f"{act}_product", f"{act}_half"], [act], act))
        copies = [type(n).FromString(n.SerializeToString()) for n in kept]
        del model.graph.node[:]
        model.graph.node.extend([*copies[:place], *nodes, *copies[place:]])
        numbers = {"small": 0.044715, "steep": np.sqrt(2 / np.pi)}
        for name, number in numbers.items():
            array = np.asarray(number, np.float32)
            model.graph.initializer.append(onnx.numpy_helper.from_array(array, f"{act}_{name}"))
        (root,) = (t for t in model.graph.initializer if t.name == f"{act}_root")
        model.graph.initializer.remove(root)

    return lambda folder: faults.edit_onnx(folder, change)


_TURNED = helper.make_node("Transpose", ["x"], ["y"], "turn", perm=[0, 1, 3, 2])
_SOFT = {"alpha": 1 / 6, "beta": 0.5}  # PyTorch's Hardsigmoid

FOREIGN_FAULTS: dict[str, ForeignFault] = {
    "gates: a weight by one unit in the last place": ForeignFault(
        GATES, _weights("x4_project_0_weight", faults.flip_bit), "x4_project_0", False
    ),
    "gates: kernels transposed": ForeignFault(
        GATES, _weights("x3_depthwise_0_weight", lambda w: w.swapaxes(2, 3)), "x3_depthwise_0"
    ),
    "gates: classes exchanged": ForeignFault(GATES, _classes_exchanged("x9"), "x9"),
    "gates: another epsilon": ForeignFault(
        GATES, _attribute("x4_expand_1", "epsilon", 1e-3), "x4_expand_1"
    ),
    "gates: epsilon doubled": ForeignFault(
        GATES, _attribute("x4_expand_1", "epsilon", 2e-5), "x4_expand_1"
    ),
    "gates: another stride": ForeignFault(
        GATES, _attribute("x3_depthwise_0", "strides", [1, 1]), "x3_depthwise_0"
    ),
    "gates: hardswish for SiLU": ForeignFault(
        GATES,
        _replace("x3_expand_2_sigmoid", "HardSigmoid", **_SOFT),
        ("x3_expand_2", "x3_expand_2_sigmoid_scale"),
    ),
    "gates: hardswish for SiLU in a gate": ForeignFault(
        GATES,
        _replace("x5_se_activation_sigmoid", "HardSigmoid", **_SOFT),
        ("x5_se_activation", "x5_se_activation_sigmoid_scale"),
    ),
    "gates: ReLU for SiLU": ForeignFault(GATES, _reads("x2", "x1", operator="Relu"), "x2"),
    "gates: hard for soft sigmoid": ForeignFault(
        GATES, _replace("x3_se_gate", "HardSigmoid", **_SOFT), "x3_se_gate"
    ),
    "gates: tanh for sigmoid": ForeignFault(GATES, _replace("x3_se_gate", "Tanh"), "x3_se_gate"),
    "gates: a sigmoid left out": ForeignFault(
        GATES, _replace("x4_se_gate", "Identity"), "x4_se_gate"
    ),
    "gates: a gate's bias by 1e-3": ForeignFault(
        GATES, _weights("x4_se_fc2_bias", _first_more), "x4_se_fc2"
    ),
    "gates: a shut gate's bias by 1e-3": ForeignFault(
        GATES,
        _weights("x5_se_fc2_bias", lambda b: np.where(b == b.min(), b + np.float32(1e-3), b)),
        "x5_se_fc2",
    ),
    "gates: a product for a sum": ForeignFault(GATES, _replace("x4", "Mul"), "x4"),
    "gates: a shortcut that is the block itself": ForeignFault(
        GATES, _reads("x4", "x4_project_1", "x4_project_1"), "x4"
    ),
    "norms: a weight by one unit in the last place": ForeignFault(
        NORMS, _weights("x3_pwconv1_weight", faults.flip_bit), "x3_pwconv1", False
    ),
    "norms: kernels transposed": ForeignFault(
        NORMS, _weights("x2_dwconv_weight", lambda w: w.swapaxes(2, 3)), "x2_dwconv"
    ),
    "norms: classes exchanged": ForeignFault(NORMS, _classes_exchanged("x7"), "x7"),
    "norms: a larger epsilon": ForeignFault(
        NORMS, _weights("x2_norm_epsilon", lambda e: e * np.float32(10)), "x2_norm"
    ),
    "norms: a much larger epsilon": ForeignFault(
        NORMS, _weights("x6_epsilon", lambda e: e * np.float32(1000)), "x6"
    ),
    "norms: a norm's weights by a thousandth": ForeignFault(
        NORMS, _weights("x3_norm_weight", _little_more), "x3_norm"
    ),
    "norms: another stride": ForeignFault(NORMS, _attribute("x0", "strides", [2, 2]), "x0"),
    "norms: tanh's GELU for the exact one": ForeignFault(NORMS, _tanh_for_erf("x2_act"), "x2_act"),
    "norms: a branch's scale by a thousandth": ForeignFault(
        NORMS, _weights("x3_gamma", _little_more), "x3"
    ),
    "norms: a branch's scale by two units": ForeignFault(
        NORMS, _weights("x3_gamma", _units_more), "x3", False
    ),
    "folded: kernels transposed": ForeignFault(
        FOLDED, _weights("conv2_Weights", lambda w: w.swapaxes(2, 3)), "conv2"
    ),
    "folded: a computed weight by a thousandth": ForeignFault(
        FOLDED, _weights("conv1_Weights", _little_more), "conv1"
    ),
    "folded: computed weights by two units": ForeignFault(
        FOLDED, _weights("conv1_Weights", _units_more), "conv1", False
    ),
    "folded: 1 / std by a thousandth": ForeignFault(
        FOLDED, _weights("node_div_Scale", _little_more), "node_div"
    ),
    "folded: 1 / std by two units": ForeignFault(
        FOLDED, _weights("node_div_Scale", _units_more), "node_div", False
    ),
    "folded: the mean by two units": ForeignFault(
        FOLDED, _weights("node_sub_Offset", _units_more), "node_sub", False
    ),
    "folded: the mean left out": ForeignFault(
        FOLDED, _weights("node_sub_Offset", np.zeros_like), "node_sub"
    ),
    "folded: hardswish's 1/6 by a thousandth": ForeignFault(
        FOLDED, _weights("n0_scale_Scale", _little_more), "n0_scale"
    ),
    "folded: hardswish's 1/6 by two units": ForeignFault(
        FOLDED, _weights("n0_scale_Scale", _units_more), "n0_scale", False
    ),
    "folded: SiLU for hardswish": ForeignFault(
        FOLDED, _reads("n0_clip", "norm1", operator="Sigmoid"), ("n0_scale", "n0_clip", "n0")
    ),
    "folded: 1 / temperature by a thousandth": ForeignFault(
        FOLDED, _weights("node_div_3_Scale", _little_more), "node_div_3"
    ),
    "folded: 1 / temperature by two units": ForeignFault(
        FOLDED, _weights("node_div_3_Scale", _units_more), "node_div_3", False
    ),
    "folded: leaky ReLU": ForeignFault(
        FOLDED, _replace("node_relu", "LeakyRelu", alpha=0.01), "node_relu"
    ),
    "folded: another epsilon": ForeignFault(FOLDED, _attribute("norm1", "epsilon", 1e-3), "norm1"),
    "folded: classes exchanged": ForeignFault(FOLDED, _classes_exchanged("fc"), "fc"),
    "regressor: a weight by one unit in the last place": ForeignFault(
        REGRESSOR, _weights("conv1_weight", faults.flip_bit), "conv1", False
    ),
    "regressor: kernels transposed": ForeignFault(
        REGRESSOR, _weights("conv2_weight", lambda w: w.swapaxes(2, 3)), "conv2"
    ),
    "regressor: ELU's alpha by a thousandth": ForeignFault(
        REGRESSOR, _attribute("act_2", "alpha", 1.001), "act_2"
    ),
    "regressor: ELU's alpha by a thousandth on features": ForeignFault(
        REGRESSOR, _attribute("node_elu_4", "alpha", 1.001), "node_elu_4"
    ),
    "regressor: ReLU for ELU": ForeignFault(REGRESSOR, _replace("act_3", "Relu"), "act_3"),
    "regressor: an activation left out": ForeignFault(
        REGRESSOR, _replace("node_elu_3", "Identity"), "node_elu_3"
    ),
    "regressor: the last bias by 1e-3": ForeignFault(
        REGRESSOR, _weights("fc3_bias", _first_more), "fc3"
    ),
    "regressor: the answer a millionth larger": ForeignFault(
        REGRESSOR, _attribute("fc3", "alpha", 1 + 2**-20), "fc3", False
    ),
    "regressor: the answer of the other sign": ForeignFault(
        REGRESSOR, _weights("fc3_weight", np.negative), "fc3"
    ),
    "regressor: pixels' scale by a thousandth": ForeignFault(
        REGRESSOR, _weights("node_div_Scale", _little_more), "node_div"
    ),
    "regressor: pixels' scale by two units": ForeignFault(
        REGRESSOR, _weights("node_div_Scale", _units_more), "node_div", False
    ),
    "regressor: half precision in one layer": ForeignFault(
        REGRESSOR, _weights("fc1_weight", faults.half), "fc1"
    ),
    "functions: ReLU for softplus in Mish": ForeignFault(
        MISH, _replace("x3_act_softplus", "Relu"), "x3_act_softplus"
    ),
    "functions: softplus's beta by a thousandth": ForeignFault(
        HEAD, _weights("features_1_scale_Scale", _little_more), "features_1_scale"
    ),
    "functions: 1 / beta by two units": ForeignFault(
        HEAD, _weights("features_1_divided_Scale", _units_more), "features_1_divided", False
    ),
    "functions: exponential for softplus": ForeignFault(HEAD, _replace("n10_3", "Exp"), "n10_3"),
    "functions: log(1 + x) for log": ForeignFault(
        HEAD, _replace("node_log", "Softplus"), "node_log"
    ),
    "functions: the epsilon of a normalisation lost": ForeignFault(
        EMBEDDING,
        lambda f: [
            faults.edit_initializer(f, f"node_clamp_min_1_{part}_Offset", np.zeros_like)
            for part in ("shift", "back")
        ],
        "node_clamp_min_1_shift",
        False,
    ),
    "functions: absolute values for squares": ForeignFault(
        EMBEDDING,
        _reads("node_linalg_vector_norm", "node_relu", operator="Abs"),
        "node_linalg_vector_norm",
    ),
    "functions: a product for a quotient": ForeignFault(
        EMBEDDING, _replace("node_div_1", "Mul"), "node_div_1"
    ),
    "functions: a norm's root left out": ForeignFault(
        EMBEDDING,
        _replace("node_linalg_vector_norm_root", "Identity"),
        "node_linalg_vector_norm_root",
    ),
    "functions: a learnt exponent by a thousandth": ForeignFault(
        RETRIEVAL, _weights("pool_p", _little_more), "pool_2"
    ),
    "functions: a computed exponent by a thousandth": ForeignFault(
        RETRIEVAL, _weights("pool_4_Exponent", _little_more), "pool_4"
    ),
    "functions: a computed exponent by two units": ForeignFault(
        RETRIEVAL, _weights("pool_4_Exponent", _units_more), "pool_4", False
    ),
    "functions: a root for a power": ForeignFault(
        RETRIEVAL, _reads("pool_4", "pool_3", operator="Sqrt"), "pool_4"
    ),
    "functions: a sum of squares by a thousandth": ForeignFault(
        RESPONSE, _weights("x3_sum_Scale", _little_more), "x3_sum"
    ),
    "functions: softmax for log-softmax": ForeignFault(
        VOTES, _replace("node_log_softmax", "Softmax", axis=1), "node_log_softmax"
    ),
    "functions: log-softmax over the rows": ForeignFault(
        VOTES, _attribute("node_log_softmax", "axis", 2), "node_log_softmax"
    ),
    "functions: a threshold by a thousandth": ForeignFault(
        SHRINKING, _weights("functions_1_apart_Offset", _little_more), "functions_1_apart"
    ),
    "functions: minimum for maximum": ForeignFault(
        SHRINKING, _replace("node_maximum", "Min"), "node_maximum"
    ),
    "functions: cosine for sine": ForeignFault(SHRINKING, _replace("node_sin", "Cos"), "node_sin"),
    "regressor: maps turned in front of the linear layer": ForeignFault(
        REGRESSOR, lambda f: faults.insert_nodes(f, "act_3", _TURNED), "fc1", False
    ),
}


def _layer(
    network: str, layer: str, field: str, edit: Callable[[np.ndarray], np.ndarray]
) -> ForeignFault:
    """Of model.mat."""
    return ForeignFault(network, lambda f: faults.edit_layer(f, layer, field, edit), layer, False)


def _turned(kernels: np.ndarray) -> np.ndarray:
    return kernels.swapaxes(0, 1)


FOREIGN_MAT_FAULTS: dict[str, ForeignFault] = {
    "gates: kernels transposed": _layer(GATES, "x3_depthwise_0", "Weights", _turned),
    "gates: a gate's bias by 1e-3": _layer(
        GATES, "x4_se_fc2", "Bias", lambda b: b + np.float32(1e-3)
    ),
    "gates: another epsilon": _layer(GATES, "x4_expand_1", "Epsilon", lambda e: e * 2),
    "gates: another stride": _layer(GATES, "x3_depthwise_0", "Stride", lambda s: s - 1),
    "norms: tanh's GELU for the exact one": _layer(
        NORMS, "x2_act", "Approximation", lambda _: np.array(["tanh"])
    ),
    "norms: another epsilon": _layer(NORMS, "x2_norm", "Epsilon", lambda e: e * 2),
    "norms: a branch's scale by a thousandth": _layer(NORMS, "x3", "Scale", _little_more),
    "folded: a computed weight by a thousandth": _layer(FOLDED, "conv1", "Weights", _little_more),
    "folded: computed weights by two units": _layer(FOLDED, "conv1", "Weights", _units_more),
    "folded: 1 / std by two units": _layer(FOLDED, "node_div", "Scale", _units_more),
    "folded: 1 / temperature by a thousandth": _layer(FOLDED, "node_div_3", "Scale", _little_more),
    "functions: another function": _layer(HEAD, "n10_3", "Function", lambda _: np.array(["exp"])),
    "functions: minimum for maximum": _layer(
        SHRINKING, "node_maximum", "Function", lambda _: np.array(["min"])
    ),
    "functions: a learnt exponent by a thousandth": _layer(
        RETRIEVAL, "pool_2", "Exponent", _little_more
    ),
    "functions: the epsilon of a normalisation lost": _layer(
        EMBEDDING, "node_clamp_min_1_shift", "Offset", np.zeros_like
    ),
    "regressor: ELU's alpha by a thousandth": _layer(
        REGRESSOR, "act_2", "Alpha", lambda a: a * 1.001
    ),
    "regressor: the last bias by 1e-3": _layer(
        REGRESSOR, "fc3", "Bias", lambda b: b + np.float32(1e-3)
    ),
    "regressor: pixels' scale by two units": _layer(REGRESSOR, "node_div", "Scale", _units_more),
}


@contextmanager
def spoilt_runtime(fault: ForeignFault) -> Iterator[None]:
    """ONNX Runtime computes what the spoilt file says, while the file is right."""
    real = OnnxRuntime._opened

    def opened(self: OnnxRuntime, model: str | bytes) -> Any:
        with tempfile.TemporaryDirectory() as name:
            content = Path(model).read_bytes() if isinstance(model, str) else model
            path = Path(name, "model.onnx")
            path.write_bytes(content)
            fault.spoil(Path(name))
            return real(self, path.read_bytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OnnxRuntime, "_opened", opened)
        yield
