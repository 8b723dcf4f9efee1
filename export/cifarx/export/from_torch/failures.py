"""Turn PyTorch's errors about modules that it cannot export into one paragraph."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO

import torch
from torch import nn

from cifarx.export.from_onnx.sequences import NOT_YET
from cifarx.export.network.interface import Input
from cifarx.pytorch_models.errors import UserError, plain

_LONGEST = 300  # characters of what PyTorch says
_SEQUENCES = {
    "aten.scaled_dot_product_attention",
    *(f"aten.{kind}.input" for kind in ("lstm", "gru", "rnn_tanh", "rnn_relu")),
}


@contextmanager
def told_in_a_paragraph(module: nn.Module, inputs: Sequence[Input] | None = None) -> Iterator[None]:
    """Raise `UserError` if PyTorch cannot export a module, and suppress its own reports."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        quiet = StringIO()  # torch.export prints graphs where it fails
        with warnings.catch_warnings(), redirect_stdout(quiet), redirect_stderr(quiet):
            warnings.simplefilter("ignore")  # deprecations inside torch and onnxscript
            yield
    except UserError:
        raise
    except Exception as error:  # torch.export raises exceptions of many types
        innermost = _causes(error)[-1]
        lines = (plain(line) for line in str(innermost).splitlines())
        reason = next(filter(None, lines), repr(innermost))
        raise UserError(
            f"PyTorch cannot export the module {type(module).__name__}: "
            f"{reason.rstrip('.')}. {_advice(inputs)}"
        ) from error
    finally:
        logging.disable(before)


def _causes(error: BaseException) -> list[BaseException]:
    """An exception and its causes, the innermost last."""
    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    return chain


def not_in_onnx(error: Exception, exported: torch.export.ExportedProgram, name: str) -> UserError:
    """The error for what torch.onnx.export cannot convert: the operator, and where it is used."""
    reasons = [plain(cause) for cause in _causes(error)]
    translated = (re.search(r"node %(\w+) .*?target=torch\.ops\.([\w.]+)", r) for r in reasons)
    found = next(filter(None, translated), None)
    if found is None:
        return UserError(
            f"PyTorch traces the module {name}, but cannot convert it to ONNX: "
            f"{reasons[-1][:_LONGEST].rstrip('.')}. Export parts of the network separately to find "
            "the one at fault, and write it with other operators."
        )
    node, operator = found.groups()
    operator = operator.removesuffix(".default")
    if operator in _SEQUENCES:
        return UserError(
            f"The module {name} has a recurrent or attention layer, {operator}"
            f"{_user_of(node, exported)}: {NOT_YET}. The part of the network before it can be "
            "exported on its own, as a module that ends there."
        )
    missing = "No ONNX function found" in reasons[-1]
    reason = "no ONNX form of it is known" if missing else reasons[-1][:_LONGEST].rstrip(".")
    return UserError(
        f"PyTorch traces the module {name}, but cannot convert the operator {operator}"
        f"{_user_of(node, exported)} to ONNX: {reason}. Write that part with other operators that "
        "compute the same, such as pooling with a fixed window for adaptive pooling."
    )


def _user_of(name: str, exported: torch.export.ExportedProgram) -> str:
    """Such as ' of its part body.2 (AdaptiveMaxPool2d)'; '' if unknown."""
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


def _advice(inputs: Sequence[Input] | None) -> str:
    alone = "torch.export.export(module, ...) shows which line is at fault."
    if inputs is None:
        return f"In Python, {alone}"
    given = " and ".join(" x ".join(map(str, one.shape)) for one in inputs)
    return (
        f"Does its forward take inputs of {given} (without the batch)? If not, give its own sizes "
        "with --input-size, once per input: CHANNELS,HEIGHT,WIDTH of images, CHANNELS,LENGTH of "
        f"signals, or the number of features. If so, {alone}"
    )
