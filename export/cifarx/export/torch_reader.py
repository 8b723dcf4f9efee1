"""A PyTorch module as ONNX, with everything kept that a fine-tuning user needs.

`torch.onnx.export` folds batch norm into the convolution before it, drops dropout, and spells a
flatten as a chain of shape arithmetic. Here it is told not to optimise (batch norm stays), each
Dropout module emits a marker of its own domain, and the batch is of fixed size, so that shapes are
constants and fold away. The result is an intermediate for `onnx_reader`; it is never a product.
"""

from __future__ import annotations

import copy
import logging
import warnings
from dataclasses import replace

import onnx
import torch
from onnxscript import optimizer
from torch import Tensor, nn

from cifarx.export.graph import LayerGraph
from cifarx.export.layer import Array
from cifarx.export.onnx_reader import read_onnx
from cifarx.pytorch_models.errors import UserError

MARKER_DOMAIN = "cifarx"  # of the Dropout marker
_BATCH = 2  # torch.export treats a batch of 1 as a constant that may be squeezed away


class _KeptDropout(nn.Module):
    """Stands for a Dropout module: the identity, visible in the exported graph."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        kept: Tensor = torch.onnx.ops.symbolic(
            f"{MARKER_DOMAIN}::Dropout",
            (x,),
            {"ratio": self.probability},
            dtype=x.dtype,
            shape=x.shape,
            version=1,
        )
        return kept


def graph_from_module(module: nn.Module, input_size: tuple[int, int, int]) -> LayerGraph:
    """Read a module for images of (C, H, W); arrays are named as in its state dict.

    Raises:
        UserError: the module is in training mode, PyTorch cannot export it, or it has parts that
            no layer kind stands for.
    """
    graph = read_onnx(onnx_from_module(module, input_size))
    names = set(module.state_dict())

    def own(array: Array) -> Array:
        # PyTorch writes the bias that a convolution does not have as zeros with a name of its own
        made_up = array.source not in names and not array.value.any()
        return replace(array, source="") if made_up else array

    layers = (
        replace(layer, arrays={key: own(array) for key, array in layer.arrays.items()})
        for layer in graph.layers
    )
    return replace(graph, layers=tuple(layers))


def onnx_from_module(module: nn.Module, input_size: tuple[int, int, int]) -> onnx.ModelProto:
    """Trace a module on the CPU for images of (C, H, W); its input is `image`, its output `logits`.

    Initializers keep the names of the state dict; the metadata of nodes names the module.

    Raises:
        UserError: the module is in training mode, or PyTorch cannot export it.
    """
    if module.training:
        raise UserError(
            f"The module {type(module).__name__} is in training mode, in which batch norm and "
            "dropout behave differently. Call its eval() before exporting."
        )
    module = _with_marked_dropout(module)
    example = torch.zeros(_BATCH, *input_size)
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations inside torch and onnxscript
            # Left to itself, torch.onnx.export of torch 2.8 answers a module that torch.export
            # rejects with a trace of one example, in which branches on data are frozen.
            exported = torch.export.export(module, (example,), strict=False)
            program = torch.onnx.export(
                exported,
                dynamo=True,
                optimize=False,
                external_data=False,
                verbose=False,
                input_names=["image"],
                output_names=["logits"],
            )
            assert program is not None
            optimizer.fold_constants(program.model)
            optimizer.remove_unused_nodes(program.model)
            return program.model_proto
    except Exception as error:  # torch.export raises exceptions of many families
        reason = next((line for line in str(error).splitlines() if line.strip()), repr(error))
        raise UserError(
            f"PyTorch cannot export the module {type(module).__name__}: {reason} "
            "Try torch.export.export(module, ...) on it alone to see which line is at fault."
        ) from error
    finally:
        quiet.setLevel(level)


def _with_marked_dropout(module: nn.Module) -> nn.Module:
    module = copy.deepcopy(module)
    for parent in module.modules():
        for name, child in list(parent._modules.items()):  # named_children() leaves out repeats
            if isinstance(child, nn.modules.dropout._DropoutNd):
                setattr(parent, name, _KeptDropout(child.p).eval())
    return module
