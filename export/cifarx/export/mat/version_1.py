"""Turn the content of a model.mat of version 1 into that of version 2.

Version 1 held networks with one image and one vector of logits; export/README.md has the fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cifarx.export.network.names import OUTPUT

_EXTRA = {"Name", "InputSize", "Normalization", "Mean", "StandardDeviation"}


def from_version_1(content: Mapping[str, Any]) -> dict[str, Any]:
    """The variables as `scipy.io.loadmat` returns them of a file of version 2.

    Fields that version 1 does not have stay, so that they are found as leftovers.

    Raises:
        KeyError, IndexError, ValueError: the content is not of version 1.
    """
    given, test = content["input"], content["test"]
    inputs = {
        "Name": given[0, 0]["Name"],
        "Size": given[0, 0]["InputSize"],
        "Format": np.array(["SSCB"]),
        **{key: given[0, 0][key] for key in ("Normalization", "Mean", "StandardDeviation")},
        **{key: given[0, 0][key] for key in given.dtype.names if key not in _EXTRA},
    }
    (layer,) = content["outputs"].ravel()
    classes = content["classes"].size
    outputs = {
        "Layer": layer,
        "Name": np.array([OUTPUT]),
        "Size": np.array([[float(classes)]]),
        "Format": np.array(["CB"]),
    }
    renamed = {("outputs" if key == "logits" else key): test[0, 0][key] for key in test.dtype.names}
    rest = {key: value for key, value in content.items() if key not in ("input", "outputs", "test")}
    return {
        **rest,
        "inputs": _struct(inputs, given.size),
        "outputs": _struct(outputs),
        "task": np.array(["classification"]),
        "test": _struct(renamed, test.size),
    }


def _struct(fields: Mapping[str, Any], count: int = 1) -> Any:
    """A 1 x count struct array with these fields in each element."""
    array = np.empty((1, count), [(name, object) for name in fields])
    for element in array[0]:
        for name, value in fields.items():
            element[name] = value
    return array
