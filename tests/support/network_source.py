"""Run the network.py of imported networks in a process that has no cifarx."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

# only torch and the standard library may be imported, by network.py or by what it imports
_PROGRAM = """
import importlib.util, sys
import numpy as np
import torch

torch.set_num_threads(1)


class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("cifarx", "safetensors", "onnx", "pydantic", "scipy"):
            raise ImportError(f"network.py needs {name}")


sys.meta_path.insert(0, Blocked())
for folder in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("network", folder + "/network.py")
    network = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(network)
    with np.load(folder + "/inputs.npz") as file:
        inputs = [torch.from_numpy(file[f"arr_{i}"]) for i in range(len(file.files))]
    with torch.no_grad():
        found = network.load()(*inputs)
    found = found if isinstance(found, dict) else {"": found}
    np.savez(folder + "/outputs.npz", *(value.numpy() for value in found.values()))
"""


def outputs_of_source(
    folders: Sequence[Path], inputs: Sequence[Sequence[np.ndarray]]
) -> list[list[np.ndarray]]:
    """Load the network.py of each folder, and give its outputs for the inputs of that folder."""
    for folder, arrays in zip(folders, inputs, strict=True):
        np.savez(folder / "inputs.npz", *arrays)
    names = map(str, folders)
    command = [sys.executable, "-I", "-B", "-c", _PROGRAM, *names]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    found = []
    for folder in folders:
        with np.load(folder / "outputs.npz") as file:
            found.append([file[f"arr_{i}"] for i in range(len(file.files))])
    return found
