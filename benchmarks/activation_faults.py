"""How large faults in activations are beside the bound "by approximation" and the direct one.

    python benchmarks/activation_faults.py

The bound is a u |t| + b u span + the smallest normal float32; `BOUNDS` has a and b. Each fault is
judged on inputs as layers get them: normal with deviation 1; behind a batch norm with scales of 1
to 3 and offsets of deviation 1; and a shut gate, normal with deviation 0.5 around -6. Printed is
the largest ratio over 32 x 64 x 8 x 8 numbers, the smallest of ten such layers, and in brackets the
ratio to the bound of cifarx's local layer check.

A gate's bias that is 1e-3 off is judged where the local layer check judges it, at the convolution
that has the bias (48 channels to 64, 1 x 1), and at the sigmoid that follows, where it would show
if only the sigmoid's output were known.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from activation_kinds import KINDS
from activations import TINY, UNIT
from torch import Tensor

from cifarx.export.network.layer import Array, Layer
from cifarx.verify.ladder.layers.bounds import prepare_truth

SHAPE = (32, 64, 8, 8)
TIMES = 10
BOUNDS = {"sigmoid": (1, 5), "swish": (2, 5), "ELU": (3, 2), "GELU": (1, 8), "hard swish": (1, 0)}
"""a and b of each kind; hard swish ends in a product, which has one rounding and no such bound."""


def unit_normal() -> Tensor:
    """Numbers of a network that is not trained."""
    return torch.randn(SHAPE)


def batch_norm() -> Tensor:
    """Each channel with a scale of 1 to 3 and an offset of its own."""
    scale, offset = 1 + 2 * torch.rand(1, SHAPE[1], 1, 1), torch.randn(1, SHAPE[1], 1, 1)
    return torch.randn(SHAPE) * scale + offset


def shut_gate() -> Tensor:
    """Around -6."""
    return 0.5 * torch.randn(SHAPE) - 6


def half(x: Tensor) -> Tensor:
    """Sigmoid in half precision."""
    return torch.sigmoid(x.half()).float()


Fault = Callable[[Tensor], Tensor]
FAULTS: dict[str, tuple[str, Fault]] = {
    "ELU, alpha 1.001 for 1": ("ELU", lambda x: F.elu(x, 1.001)),
    "ELU, SELU's alpha for 1": ("ELU", lambda x: F.elu(x, 1.6732632)),
    "swish for hard swish": ("hard swish", F.silu),
    "hard swish for swish": ("swish", F.hardswish),
    "swish's sigmoid left out": ("swish", lambda x: x),
    "swish with a hard sigmoid of slope 1/5": (
        "swish",
        lambda x: x * (0.2 * x + 0.5).clamp(0, 1),
    ),
    "GELU for swish": ("swish", F.gelu),
    "half-precision swish": ("swish", lambda x: F.silu(x.half()).float()),
    "hard sigmoid for sigmoid": ("sigmoid", F.hardsigmoid),
    "sigmoid left out": ("sigmoid", lambda x: x),
    "tanh for sigmoid": ("sigmoid", torch.tanh),
    "half-precision sigmoid": ("sigmoid", half),
    "sigmoid of x + 1e-3": ("sigmoid", lambda x: torch.sigmoid(x + 1e-3)),
    "sigmoid of 1.001 x": ("sigmoid", lambda x: torch.sigmoid(1.001 * x)),
    "GELU's tanh form for the exact one": ("GELU", lambda x: F.gelu(x, approximate="tanh")),
    "GELU as x sigmoid(1.702 x)": ("GELU", lambda x: x * torch.sigmoid(1.702 * x)),
    "swish for GELU": ("GELU", F.silu),
    "half-precision GELU": ("GELU", lambda x: F.gelu(x.half()).float()),
}


def bound_of(kind: str, x: Tensor, truth: Tensor) -> Tensor:
    """By approximation."""
    a, b = BOUNDS[kind]
    span = KINDS[kind].span(x.double())
    return UNIT * (a * truth.abs() + b * span) + TINY * span.clamp(min=1)


def ratios(kind: str, fault: Fault, inputs: Callable[[], Tensor]) -> tuple[float, float]:
    """The smallest of the layers' largest ratios: by approximation, and to the present bound."""
    found = []
    for _ in range(TIMES):
        x = inputs()
        if kind == "hard swish":
            gate = (x / 6 + 0.5).clamp(0, 1)
            truth, direct = prepare_truth(KINDS[kind].layers[-1])([x, gate])
        else:
            truth, direct = prepare_truth(KINDS[kind].layers[0])([x])
        error = (fault(x).double() - truth).abs()
        worst = [float((error / b).nan_to_num(0).max()) for b in (bound_of(kind, x, truth), direct)]
        found.append(worst)
    near, far = np.array(found).min(0)
    return float(near), float(far)


def gate_bias() -> tuple[float, float]:
    """A bias off by 1e-3, around -6: ratios at the convolution, and at the sigmoid behind it."""
    at_conv, at_sigmoid = [], []
    for _ in range(TIMES):
        weights = (torch.randn(64, 48, 1, 1) * (2 / 48) ** 0.5).numpy()
        bias = (-6 + 0.5 * torch.randn(64)).numpy()
        options = {
            "Stride": (1, 1),
            "Padding": (0, 0, 0, 0),
            "DilationFactor": (1, 1),
        }
        arrays = {"Weights": Array(weights, ""), "Bias": Array(bias, "")}
        conv = Layer("y", "Convolution2DLayer", ("x",), options, arrays)
        x = F.silu(torch.randn(32, 48, 1, 1))
        truth, bound = prepare_truth(conv)([x])
        at_conv.append(float((1e-3 / bound).max()))
        s = torch.sigmoid(truth.double())
        error = (torch.sigmoid(truth.double() + 1e-3) - s).abs()
        at_sigmoid.append(float((error / bound_of("sigmoid", truth, s)).max()))
    return min(at_conv), min(at_sigmoid)


def _text(ratio: float) -> str:
    return f"{ratio:.3g}" if ratio < 1e9 else "> 1e9"


def main() -> None:
    """Print a Markdown table: by approximation / direct."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    inputs = {"unit normal": unit_normal, "batch norm": batch_norm, "shut gate": shut_gate}
    print("| fault | judged as |", " | ".join(inputs), "|")
    print("|---|---|" + "---|" * len(inputs))
    for name, (kind, fault) in FAULTS.items():
        cells = [ratios(kind, fault, of) for of in inputs.values()]
        shown = " | ".join(f"{_text(near)} ({_text(far)})" for near, far in cells)
        print(f"| {name} | {kind} | {shown} |", flush=True)
    conv, sigmoid = gate_bias()
    print(f"\nGate's bias off by 1e-3: {conv:.3g} at the convolution, {sigmoid:.3g} at the sigmoid")


if __name__ == "__main__":
    main()
