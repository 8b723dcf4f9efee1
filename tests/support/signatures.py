"""functionSignatures.json, MATLAB's tab completion, from the functions themselves.

`python tests/support/signatures.py` writes it where MATLAB looks: current releases in `resources`
beside the namespace's folder, older ones beside it.
https://www.mathworks.com/help/matlab/matlab_prog/customize-code-suggestions-and-completions.html
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

TOOLBOX = Path(__file__).resolve().parents[2] / "matlab" / "toolbox"
FILES = (TOOLBOX / "functionSignatures.json", TOOLBOX / "resources" / "functionSignatures.json")

_MAT_FILE = ["file=*.mat"]
_COUNT = ["numeric", "scalar", "integer", ">0"]
_NUMBER = ["numeric", "scalar", ">=0"]
_FLAG = ["logical", "scalar"]
TYPES: dict[str, list[Any]] = {
    "net": ["struct", "scalar"],
    "X": [["uint8"], ["single"]],
    "source": [_MAT_FILE, ["struct", "scalar"]],
    "template": [_MAT_FILE, ["struct", "scalar"]],
    "data": [["numeric"], ["matlab.io.datastore.ImageDatastore"]],
    "targets": [["numeric"], ["cell"], ["categorical"]],
    "MiniBatchSize": _COUNT,
    "LayerImages": _COUNT,
    "MaxEpochs": _COUNT,
    "InitialLearnRate": ["numeric", "scalar", ">0"],
    "L2Regularization": _NUMBER,
    "Layers": _FLAG,
    "Verbose": _FLAG,
    "Plots": ["choices={'none', 'training-progress'}"],
    "ExecutionEnvironment": ["choices={'auto', 'cpu', 'gpu', 'multi-gpu'}"],
    "ResultFile": ["file=*.mat"],
}
"""By the parameter's name, which means the same in nearly all functions; but for `file`."""

_ITS_OWN = {"save": {"net": [["struct", "scalar"], ["dlnetwork"]]}}
"""But for these functions."""
_TAKEN = {
    "fineTune": [("targets", "ordered")],
    "predict": [("X", "required")],
    "classify": [("X", "required")],
}
"""What a function takes by position out of its varargin; of several inputs, the first."""
_OPTIONAL = {"template"}


def signature(path: Path) -> dict[str, Any]:
    """The entry of a public function, from its first line and its `nameValues`."""
    text = path.read_text("ascii")
    match = re.match(r"function (?:\[?([\w, ]+)\]? = )?(\w+)\(([\w, ]*)\)", text)
    assert match, path
    assert match[2] == path.stem
    given = [name.strip() for name in match[3].split(",") if name.strip()]
    options = re.search(
        r"= struct\(('[A-Z].*?);\n\w+ = cifarx\.internal\.nameValues", text, re.DOTALL
    )
    named = re.findall(r"'([A-Z]\w+)', ", options[1]) if options else []
    assert ("varargin" in given) == bool(named or path.stem in _TAKEN), path
    kinds = [
        (name, "ordered" if name in _OPTIONAL else "required")
        for name in given
        if name != "varargin"
    ]
    kinds += _TAKEN.get(path.stem, [])
    kinds += [(name, "namevalue") for name in named]
    types = {
        **TYPES,
        **_ITS_OWN.get(path.stem, {}),
        "file": ["file=*.onnx"] if path.stem == "importONNX" else _MAT_FILE,
    }
    entry = {"inputs": [{"name": n, "kind": kind, "type": types[n]} for n, kind in kinds]}
    if match[1]:
        names = match[1].replace("varargout", "Y").split(",")
        entry["outputs"] = [{"name": name.strip()} for name in names]
    return entry


def signatures() -> str:
    """The whole file."""
    functions = sorted((TOOLBOX / "+cifarx").glob("*.m"), key=lambda path: path.stem.lower())
    content = {"_schemaVersion": "1.0.0"}
    content |= {f"cifarx.{path.stem}": signature(path) for path in functions}
    return json.dumps(content, indent=2) + "\n"


if __name__ == "__main__":
    for file in FILES:
        file.parent.mkdir(exist_ok=True)
        file.write_text(signatures(), "ascii")
