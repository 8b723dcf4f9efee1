"""Write a PyTorch module in PyTorch's own formats, which importNetworkFromPyTorch reads.

It reads `.pt2` (torch.export) from R2026a on and `.pt` (a TorchScript trace) in older releases.
MathWorks' documentation of R2026a names PyTorch 2.8 for `.pt2`.
https://www.mathworks.com/help/deeplearning/ref/importnetworkfrompytorch.html
"""

from __future__ import annotations

import warnings
from typing import BinaryIO

import torch
from torch import nn

from cifarx.export.from_torch.calls import Example
from cifarx.export.from_torch.failures import told_in_a_paragraph
from cifarx.export.from_torch.reader import exported_program


def write_pt2(file: BinaryIO, module: nn.Module, example: Example) -> None:
    """Write an ExportedProgram for one input, without paths of this machine.

    Raises:
        UserError: PyTorch cannot export the module.
    """
    program = exported_program(module, example, batch=1)
    for graph in (part for part in program.graph_module.modules() if hasattr(part, "graph")):
        for node in graph.graph.nodes:
            node.meta.pop("stack_trace", None)
    with told_in_a_paragraph(module):
        torch.export.save(program, file)


def write_torchscript(file: BinaryIO, module: nn.Module, example: Example) -> None:
    """Write a trace of the module for one input.

    Raises:
        UserError: PyTorch cannot trace the module.
    """
    with told_in_a_paragraph(module), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # that TorchScript is deprecated
        tensors = [torch.zeros(1, *given.shape) for given in example.inputs]
        args, kwargs = example.arguments(tensors)
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            module, args or None, example_kwarg_inputs=kwargs or None, strict=False
        )
        torch.jit.save(traced, file)
