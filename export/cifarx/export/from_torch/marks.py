"""Mark what ONNX would drop or decompose, with operators of cifarx's own domain."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from onnx import TensorProto
from torch import Tensor, nn

MARKER_DOMAIN = "cifarx"
_ATEN = torch.ops.aten
_ONNX_TYPES = {torch.float32: TensorProto.FLOAT, torch.float64: TensorProto.DOUBLE}
_DROPOUTS = {
    _ATEN.dropout.default,
    _ATEN.feature_dropout.default,
    _ATEN.alpha_dropout.default,
    _ATEN.feature_alpha_dropout.default,
}


def with_marks(module: nn.Module) -> nn.Module:
    """A copy of the module with markers for some of its parts; both share the weights."""
    tensors = (*module.parameters(), *module.buffers())
    module = copy.deepcopy(module, {id(t): t for t in tensors})  # the weights are shared
    for parent in module.modules():
        for name, child in list(parent._modules.items()):  # named_children() skips repeats
            if isinstance(child, nn.LocalResponseNorm):
                setattr(parent, name, _Marked("LRN", _local_response(child)).eval())
            elif isinstance(child, nn.AdaptiveAvgPool2d):
                setattr(parent, name, _MarkedPool(child).eval())
    return module


def mark_dropout(traced: torch.fx.GraphModule) -> None:
    """Replace each dropout, a module's or a function's, by a marker, as ONNX would drop it."""
    for node in list(traced.graph.nodes):
        if node.op == "call_function" and node.target in _DROPOUTS:
            x, ratio, *_ = node.args
            with traced.graph.inserting_before(node):
                marker = traced.graph.create_node(
                    "call_function",
                    torch.ops.onnx_symbolic._symbolic.default,
                    ([x], "Dropout", _ONNX_TYPES[node.meta["val"].dtype]),
                    {
                        "shape": list(node.meta["val"].shape),
                        "attr_keys": ["ratio"],
                        "attr_types": ["f"],
                        "attr_pos": [[0, 1]],
                        "attr_ints": [],
                        "attr_floats": [float(ratio)],
                        "attr_strs": [],
                        "metadata_props_keys": [],
                        "metadata_props_values": [],
                        "domain": MARKER_DOMAIN,
                        "version": 1,
                    },
                    node.name,
                )
            marker.meta = dict(node.meta)
            node.replace_all_uses_with(marker)
            traced.graph.erase_node(node)
    traced.recompile()


class _Marked(nn.Module):
    """Stands for a module that ONNX drops or decomposes: an identity that the graph shows."""

    def __init__(self, operator: str, attributes: Mapping[str, float]) -> None:
        super().__init__()
        self.operator, self.attributes = operator, attributes

    def forward(self, x: Tensor) -> Tensor:
        kept: Tensor = torch.onnx.ops.symbolic(
            f"{MARKER_DOMAIN}::{self.operator}",
            (x,),
            dict(self.attributes),
            dtype=x.dtype,
            shape=x.shape,
            version=1,
        )
        return kept


class _MarkedPool(nn.Module):
    """Stands for an adaptive pooling, which ONNX decomposes if its windows differ in size."""

    def __init__(self, pool: nn.AdaptiveAvgPool2d) -> None:
        super().__init__()
        self.output_size = pool.output_size

    def forward(self, x: Tensor) -> Tensor:
        given = self.output_size
        wanted = given if isinstance(given, tuple) else (given, given)
        size = [n if w is None else w for w, n in zip(wanted, x.shape[2:], strict=True)]
        if all(n % w == 0 for w, n in zip(size, x.shape[2:], strict=True)):
            return nn.functional.adaptive_avg_pool2d(x, (size[0], size[1]))
        pooled: Tensor = torch.onnx.ops.symbolic(
            f"{MARKER_DOMAIN}::AdaptiveAveragePool",
            (x,),
            {"output_size": size},
            dtype=x.dtype,
            shape=(*x.shape[:2], *size),
            version=1,
        )
        return pooled


def _local_response(norm: nn.LocalResponseNorm) -> dict[str, float]:
    return {
        "size": norm.size,
        "alpha": float(norm.alpha),
        "beta": float(norm.beta),
        "bias": float(norm.k),
    }
