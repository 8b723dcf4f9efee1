"""Write a network's plan as readable PyTorch source, network.py, which needs torch alone.

Names come from files, but are MATLAB identifiers; no text of a file becomes code. cifarx itself
never executes the source.
"""

from __future__ import annotations

import keyword

from cifarx.pytorch_models.imported.modules import CLASSES, source_of
from cifarx.pytorch_models.imported.network import RESERVED, parts_of
from cifarx.pytorch_models.imported.plan import NetworkPlan, Shape, attributes, carried

_HEAD = '''"""{title}, as 'cifarx import' read it from {file}.

    from network import load
    net = load()  # reads model.safetensors beside this file
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

'''
_LOAD = '''

def load(path=Path(__file__).with_name("model.safetensors")):
    """The network with the weights of a safetensors file, in evaluation mode."""
    data = memoryview(bytearray(Path(path).read_bytes()))
    size = int.from_bytes(data[:8], "little")
    entries = json.loads(bytes(data[8 : 8 + size]))
    entries.pop("__metadata__", None)
    types = {"F32": torch.float32, "I64": torch.int64}
    state = {}
    for name, entry in entries.items():
        first, last = (8 + size + end for end in entry["data_offsets"])
        flat = torch.frombuffer(data[first:last], dtype=types[entry["dtype"]])
        state[name] = flat.reshape(entry["shape"]).clone()
    net = Network()
    net.load_state_dict(state)
    return net.eval()
'''


def network_source(plan: NetworkPlan, file: str) -> str:
    """The text of network.py.

    Args:
        plan: the network.
        file: name of the file that it was read from.
    """
    parts, names = parts_of(plan), attributes(plan, RESERVED)
    variables = _variables(plan)
    needed = {part.call.name for part in parts.values() if part.call} & set(CLASSES)
    lines = [_HEAD.format(title="A network", file=_quoted(file))]
    lines += [f"\n{source_of(name)}\n" for name in CLASSES if name in needed]
    lines.append(
        "\nclass Network(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    )
    for layer in plan.layers:
        part = parts[layer.name]
        if part.call is not None:
            lines.append(f"        self.{names[layer.name]} = {part.call}\n")
    arguments = ", ".join(f"{variables[one.name]}: Tensor" for one in plan.inputs)
    lines.append(f"\n    def forward(self, {arguments}):\n")
    for one in plan.inputs:
        name = variables[one.name]
        lines.append(f"        # {name}: N x {_by(one.shape)}\n")
        if len(one.shape) == 2:
            lines.append(f"        {name} = {name}.reshape(-1, {_list(carried(one.shape))})\n")
    for layer in plan.layers:
        given = [variables[name] for name in layer.inputs]
        text = parts[layer.name].text.replace("{m}", f"self.{names[layer.name]}")
        text = text.replace("{all}", ", ".join(given))
        for i, name in enumerate(given):
            text = text.replace(f"{{{i}}}", name)
        shape = f"N x {_by(layer.shape)}"
        lines.append(f"        {variables[layer.name]} = {text}  # {shape}\n")
    lines += [*_returned(plan, variables), _LOAD]
    return "".join(lines)


def _returned(plan: NetworkPlan, variables: dict[str, str]) -> list[str]:
    shapes = plan.shapes()
    found = []
    for one in plan.outputs:
        value = variables[one.layer]
        if one.shape != shapes[one.layer]:
            sizes = f"({', '.join(['-1', *map(str, one.shape)])})"
            value = f"{value}.reshape{sizes}"
        found.append((one.name, value))
    if len(found) == 1:
        return [f"        return {found[0][1]}\n"]
    items = ", ".join(f'"{name}": {value}' for name, value in found)
    return [f"        return {{{items}}}\n"]


_USED = frozenset(["self", "torch", "nn", "F", "json", "Path", "Tensor", "float", "int", "bytes"])


def _variables(plan: NetworkPlan) -> dict[str, str]:
    """By input or layer, the name of the local variable that holds its value."""
    found: dict[str, str] = {}
    for name in (*(one.name for one in plan.inputs), *(layer.name for layer in plan.layers)):
        own = name
        taken = found.values()
        while keyword.iskeyword(own) or own in _USED or own in taken:
            own += "_"
        found[name] = own
    return found


def _by(shape: Shape) -> str:
    return " x ".join(map(str, shape)) or "1"


def _list(shape: Shape) -> str:
    return ", ".join(map(str, shape))


def _quoted(text: str) -> str:
    """A file's name without anything that could end the docstring or hide its content."""
    return "".join(c if c.isprintable() and c not in '"\\' else "?" for c in text)[:200]
