"""Make names that are valid in MATLAB and in ONNX."""

from __future__ import annotations

import re

INPUT = "image"
"""Name of the only input, if that is an image."""
INPUTS = {1: "features", 2: "signal", 3: INPUT}
"""Name of the only input, by its number of axes besides the batch."""
OUTPUT = "logits"
"""Name of the only output, if that is a vector of logits."""
NUMBERS = "output"
"""Name of the only output otherwise."""
_LONGEST = 63  # namelengthmax in MATLAB


def identifier(text: str) -> str:
    """A MATLAB identifier made from any text.

    >>> identifier("features.0.conv")
    'features_0_conv'
    """
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    if not re.match(r"[A-Za-z]", name):
        name = f"x{name}"
    return name[:_LONGEST]


class Namer:
    """Make identifiers that are unique without regard to case.

    >>> namer = Namer("image")
    >>> namer("conv.1"), namer("Conv_1"), namer("image")
    ('conv_1', 'Conv_1_2', 'image_2')
    """

    def __init__(self, *taken: str) -> None:
        self._taken = {name.lower() for name in taken}

    def __call__(self, text: str) -> str:
        """The identifier of `text`, with _2, _3 and so on appended if it is taken."""
        base = name = identifier(text)
        n = 1
        while name.lower() in self._taken:
            n += 1
            suffix = f"_{n}"
            name = base[: _LONGEST - len(suffix)] + suffix
        self._taken.add(name.lower())
        return name
