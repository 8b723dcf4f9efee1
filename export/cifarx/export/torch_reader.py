"""A PyTorch module as ONNX, with everything kept that a fine-tuning user needs.

`torch.onnx.export` folds batch norm into the convolution before it, drops dropout, and spells a
flatten as a chain of shape arithmetic. Here it is told not to optimise (batch norm stays), each
dropout becomes a marker of its own domain, and the batch is of fixed size, so that shapes are
constants and fold away. The result is an intermediate for `onnx_reader`; it is never a product.
"""

from __future__ import annotations

import copy
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO

import torch
from onnxscript import optimizer
from torch import Tensor, nn

from cifarx.export.graph import LayerGraph
from cifarx.export.layer import Array
from cifarx.export.onnx_reader import INPUT, OUTPUT, read_onnx
from cifarx.pytorch_models.errors import UserError, plain

MARKER_DOMAIN = "cifarx"  # of the markers of modules
_LONGEST = 300  # characters of what PyTorch says
_BATCH = 2  # torch.export treats a batch of 1 as a constant that may be squeezed away


_ATEN = torch.ops.aten
_DROPOUTS = {
    _ATEN.dropout.default,
    _ATEN.feature_dropout.default,
    _ATEN.alpha_dropout.default,
    _ATEN.feature_alpha_dropout.default,
}


class _Marked(nn.Module):
    """Stands for a module that ONNX loses or takes apart: the identity, visible in the graph."""

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
    """Stands for an adaptive pooling, which ONNX takes apart where its windows differ in size."""

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


def graph_from_module(module: nn.Module, input_size: tuple[int, int, int]) -> LayerGraph:
    """Read a module for images of (C, H, W); arrays are those of its state dict, under its names.

    Raises:
        UserError: the module is in training mode, PyTorch cannot export it, or it has parts that
            no layer kind stands for.
    """
    _require_statistics(module)
    exported = exported_program(_with_marks(module), input_size)
    _mark_dropout(exported.graph_module)
    program = onnx_program(exported, type(module).__name__)
    arrays = {}
    for name, value in list(program.model.graph.initializers.items()):
        assert value.const_value is not None
        arrays[name] = value.const_value.numpy()  # the module's memory, not a copy
        del program.model.graph.initializers[name]
    return _with_names_of(module, read_onnx(program.model_proto, arrays))


def exported_program(
    module: nn.Module, input_size: tuple[int, int, int], batch: int = _BATCH
) -> torch.export.ExportedProgram:
    """Trace a module on the CPU for a batch of images of (C, H, W).

    Raises:
        UserError: the module or a part of it is in training mode, or PyTorch cannot export it.
    """
    training = [name for name, part in module.named_modules() if part.training]
    if training:
        where = "" if training[0] == "" else f" in its part {training[0]}"
        raise UserError(
            f"The module {type(module).__name__} is in training mode{where}, in which batch norm "
            "and dropout behave differently. Call its eval() before exporting."
        )
    with told_in_a_paragraph(module, input_size):
        # Left to itself, torch.onnx.export of torch 2.8 answers a module that torch.export
        # rejects with a trace of one example, in which branches on data are frozen.
        example = torch.zeros(batch, *input_size)
        exported = torch.export.export(module, (example,), strict=False)
    _require_nothing_dropped(exported)
    return exported


def _require_nothing_dropped(exported: torch.export.ExportedProgram) -> None:
    """Raise `UserError` for what torch.onnx.export of torch 2.15 leaves out without a word."""
    for node in exported.graph.nodes:
        if node.target is not torch.ops.aten.avg_pool2d.default:
            continue
        if (node.args[6:] or (None,))[0] is not None:  # the seventh is the divisor
            raise UserError(
                f"An average pooling has divisor_override={node.args[6]} ({node.name}), which "
                "neither ONNX nor MATLAB has. Leave it out, and scale the result instead: "
                "pool(x) * (kernel_height * kernel_width / divisor)."
            )


def _require_statistics(module: nn.Module) -> None:
    """Raise `UserError` for batch norm that takes those of the batch even in evaluation."""
    for name, part in module.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.running_mean is None:
            raise UserError(
                f"The batch norm {name or type(module).__name__} keeps no running statistics "
                "(track_running_stats=False): its answers to an image depend on the other images "
                "of the batch. Train it with track_running_stats=True, or with nn.GroupNorm or "
                "nn.InstanceNorm2d in its place."
            )


def onnx_program(exported: torch.export.ExportedProgram, name: str) -> torch.onnx.ONNXProgram:
    """Its ONNX form, constants folded; initializers are named as in the state dict.

    Raises:
        UserError: ONNX has no form of it; `name` is what that says of the module.
    """
    with told_in_a_paragraph(exported.graph_module):
        try:
            program = torch.onnx.export(
                exported,
                dynamo=True,
                optimize=False,
                external_data=False,
                verbose=False,
                input_names=[INPUT],
                output_names=[OUTPUT],
            )
        except Exception as error:  # its own, and those of onnxscript
            raise _not_in_onnx(error, exported, name) from error
        assert program is not None
        optimizer.fold_constants(program.model)
        optimizer.remove_unused_nodes(program.model)
        return program


def _causes(error: BaseException) -> list[BaseException]:
    """An exception and what it was raised from, the innermost last."""
    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    return chain


def _not_in_onnx(error: Exception, exported: torch.export.ExportedProgram, name: str) -> UserError:
    """What torch.onnx.export could not convert: the operator, and the part that uses it."""
    reasons = [plain(cause) for cause in _causes(error)]
    translated = (re.search(r"node %(\w+) .*?target=torch\.ops\.([\w.]+)", r) for r in reasons)
    found = next(filter(None, translated), None)
    if found is None:
        return UserError(
            f"PyTorch traces the module {name}, but cannot convert it to ONNX: "
            f"{reasons[-1][:_LONGEST].rstrip('.')}. Cut the network in parts to find which it is, "
            "and write that one otherwise."
        )
    node, operator = found.groups()
    operator = operator.removesuffix(".default")
    missing = "No ONNX function found" in reasons[-1]
    reason = "no ONNX form of it is known" if missing else reasons[-1][:_LONGEST].rstrip(".")
    return UserError(
        f"PyTorch traces the module {name}, but cannot convert the operator {operator}"
        f"{_user_of(node, exported)} to ONNX: {reason}. Write that part with other operators, such "
        "as pooling with a fixed window for an adaptive one."
    )


def _user_of(name: str, exported: torch.export.ExportedProgram) -> str:
    """Such as ' of its part body.2 (AdaptiveMaxPool2d)', '' where that is not to be told."""
    nodes = [node for node in exported.graph.nodes if node.op == "call_function"]
    # ONNX's exporter decomposes first: rrelu becomes rrelu_with_noise_functional
    same = [n for n in nodes if n.name == name] or [
        n for n in nodes if name.startswith(f"{n.name}_")
    ]
    stack = list(same[0].meta.get("nn_module_stack", {}).values()) if same else []
    if not stack or not stack[-1][0]:
        return ""
    path, kind = stack[-1]
    kind = kind if isinstance(kind, str) else kind.__name__
    return f" of its part {path} ({kind.rpartition('.')[2]})"


def _advice(size: tuple[int, int, int] | None) -> str:
    alone = "torch.export.export(module, ...) on it alone shows which line is at fault."
    if size is None:
        return f"Run it by hand: {alone}"
    given = " x ".join(map(str, size))
    return f"Does it take images of {given} (channels, height, width)? If it does, {alone}"


@contextmanager
def told_in_a_paragraph(
    module: nn.Module, size: tuple[int, int, int] | None = None
) -> Iterator[None]:
    """Raise `UserError` where PyTorch cannot export a module, and keep its own reports back."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        quiet = StringIO()  # torch.export prints graphs where it fails
        with warnings.catch_warnings(), redirect_stdout(quiet), redirect_stderr(quiet):
            warnings.simplefilter("ignore")  # deprecations inside torch and onnxscript
            yield
    except UserError:
        raise
    except Exception as error:  # torch.export raises exceptions of many families
        innermost = _causes(error)[-1]
        lines = (plain(line) for line in str(innermost).splitlines())
        reason = next(filter(None, lines), repr(innermost))
        raise UserError(
            f"PyTorch cannot export the module {type(module).__name__}: "
            f"{reason.rstrip('.')}. {_advice(size)}"
        ) from error
    finally:
        logging.disable(before)


def _with_names_of(module: nn.Module, graph: LayerGraph) -> LayerGraph:
    """The graph, its arrays named after the tensors of the module's state dict that they equal."""
    state = module.state_dict()
    unnamed = [a for a in graph.arrays().values() if a.source not in state]
    sizes = {a.value.size for a in unnamed if not _is_zero(a)}
    taken = {a.source for a in graph.arrays().values()}
    by_content: dict[bytes, list[str]] = {}
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor):
            continue  # a module's extra state
        if name not in taken and tensor.numel() in sizes and tensor.dtype == torch.float32:
            by_content.setdefault(tensor.detach().cpu().numpy().tobytes(), []).append(name)

    def named(array: Array) -> Array:
        if array.source in state:
            return array
        if not _is_zero(array):  # PyTorch transposes a linear layer's weights; they are the same
            names = by_content.get(array.value.tobytes(), [])
            return replace(array, source=names.pop(0) if names else "")
        return replace(array, source="")  # such as the bias that a convolution does not have

    layers = (
        replace(layer, arrays={key: named(array) for key, array in layer.arrays.items()})
        for layer in graph.layers
    )
    return replace(graph, layers=tuple(layers))


def _mark_dropout(traced: torch.fx.GraphModule) -> None:
    """Put a marker for each dropout, a module or a function, which ONNX would lose."""
    for node in list(traced.graph.nodes):
        if node.op == "call_function" and node.target in _DROPOUTS:
            x, ratio, *_ = node.args
            with traced.graph.inserting_before(node):
                marker = traced.graph.create_node(
                    "call_function",
                    torch.ops.onnx_symbolic._symbolic.default,
                    ([x], "Dropout", 1),
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


def _is_zero(array: Array) -> bool:
    return not array.value.any()


def _with_marks(module: nn.Module) -> nn.Module:
    tensors = (*module.parameters(), *module.buffers())
    module = copy.deepcopy(module, {id(t): t for t in tensors})  # of all but the weights
    for parent in module.modules():
        for name, child in list(parent._modules.items()):  # named_children() leaves out repeats
            if isinstance(child, nn.LocalResponseNorm):
                setattr(parent, name, _Marked("LRN", _local_response(child)).eval())
            elif isinstance(child, nn.AdaptiveAvgPool2d):
                setattr(parent, name, _MarkedPool(child).eval())
    return module
