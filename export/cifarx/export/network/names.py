"""Names that MATLAB, ONNX Runtime and a person can all live with."""

from __future__ import annotations

import re

INPUT = "image"
"""Name of the input in every graph and file that cifarx makes."""
OUTPUT = "logits"
"""Name of the output in model.onnx."""
_LONGEST = 63  # namelengthmax in MATLAB


def identifier(text: str) -> str:
    """A MATLAB identifier made from any text: 'features.0.conv' -> 'features_0_conv'."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    if not re.match(r"[A-Za-z]", name):
        name = f"x{name}"
    return name[:_LONGEST]


class Namer:
    """Hands out identifiers, unique without regard to case."""

    def __init__(self, *taken: str) -> None:
        self._taken = {name.lower() for name in taken}

    def __call__(self, text: str) -> str:
        """The identifier of `text`, with _2, _3 and so on appended where it is taken."""
        base = name = identifier(text)
        n = 1
        while name.lower() in self._taken:
            n += 1
            suffix = f"_{n}"
            name = base[: _LONGEST - len(suffix)] + suffix
        self._taken.add(name.lower())
        return name
