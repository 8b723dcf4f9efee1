"""Pass networks of torchvision and of the zoo through `cifarx export`, `verify` and `check`.

    python benchmarks/networks.py [--out docs/networks.md] [NAME ...]

All networks have random weights. The statistics of their batch norms are 99 parts of those of one
batch of noise and 1 part of the initial ones. With the initial statistics alone, the signals of
deep networks vanish and nothing would be compared; with those of the batch alone, noise in dead
channels is amplified until PyTorch's own float32 is off by millions of roundings (in both
EfficientNets). Networks of torchvision are exported from `torchvision.models:NAME` and verified in
ONNX Runtime and Octave against float64 PyTorch; `cifarx check` judges their nodes and those of the
file that `torch.onnx.export` writes by default.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import torch
from safetensors.torch import save_file
from torch import nn

TORCHVISION = (
    "alexnet", "vgg11_bn", "resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2",
    "densenet121", "squeezenet1_0", "squeezenet1_1", "googlenet", "inception_v3", "mobilenet_v2",
    "mobilenet_v3_small", "mobilenet_v3_large", "mnasnet0_5", "shufflenet_v2_x0_5",
    "efficientnet_b0", "efficientnet_v2_s", "regnet_x_400mf", "regnet_y_400mf", "convnext_tiny",
)  # fmt: skip
CONTRACT = ("--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225")


@dataclass(frozen=True)
class Share:
    """How many nodes of a file become built-in layers, according to `cifarx check`."""

    nodes: int
    built_in: int
    convolutions_unknown: int
    """Convolutions whose layer is unknown: the opset is newer than all recorded imports."""

    def __str__(self) -> str:
        likely = self.built_in + self.convolutions_unknown
        more = f" (up to {likely})" if self.convolutions_unknown else ""
        return f"{self.built_in} of {self.nodes}{more}"


def size_of(name: str) -> int:
    """Height and width of torchvision's images."""
    return 299 if name == "inception_v3" else 224


def randomized(module: nn.Module, input_size: tuple[int, int, int]) -> nn.Module:
    """Set evaluation mode, and the statistics of batch norms from one batch of noise."""
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    module.eval()
    for norm in norms:
        norm.train()
        norm.momentum = 0.99
    with torch.no_grad():
        module(torch.randn(4, *input_size))
    return module.eval()


def network(name: str) -> nn.Module:
    """Build a network of torchvision, the same each time."""
    import torchvision

    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # googlenet and inception announce another initialisation
        module: nn.Module = getattr(torchvision.models, name)(weights=None)
    return randomized(module, (3, size_of(name), size_of(name)))


def exported_and_verified(name: str, folder: Path) -> dict[str, Any]:
    """Run `cifarx export torchvision.models:NAME` and `cifarx verify`; return the report."""
    save_file(network(name).state_dict(), folder / "weights.safetensors")
    size = f"3,{size_of(name)},{size_of(name)}"
    source = [f"torchvision.models:{name}", "--weights", "weights.safetensors"]
    _command(folder, "export", *source, "--input-size", size, *CONTRACT)
    engines = ["--engines", "onnxruntime,octave"]
    _command(folder, "verify", f"{name}.onnx", *engines, "--json", "report.json", allowed=(0, 1))
    report: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return report


def _command(folder: Path, *arguments: str, allowed: tuple[int, ...] = (0,)) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "cifarx.cli", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode not in allowed:
        raise RuntimeError(f"cifarx {' '.join(arguments)}: {done.stderr}{done.stdout}")


def share(path: Path) -> Share:
    """What MATLAB's importer makes of a file's nodes, in all releases."""
    from cifarx.export.matlab_importer.check import check_matlab_import

    report = check_matlab_import(onnx.load(path, load_external_data=False), path.stem, None)
    unknown = [n for n in report.nodes if n.outcome == "unknown" and n.operator == "Conv"]
    return Share(report.layers, report.counts()["built-in"], len(unknown))


def default_share(module: nn.Module, input_size: tuple[int, int, int], folder: Path) -> Share:
    """The same for the file that torch.onnx.export writes by default."""
    path = folder / "default.onnx"
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (torch.zeros(1, *input_size),), path)
    return share(path)


def torchvision_row(name: str) -> str:
    """A row of the first table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        report = exported_and_verified(name, folder)
        ours = share(folder / f"{name}.onnx")
        theirs = default_share(network(name), (3, size_of(name), size_of(name)), folder)
    errors = {e["engine"]: e["logits"]["ratio"] for e in report["engines"] if e.get("logits")}
    layers = report["weights"][0]["layers"]
    ratios = " | ".join(f"{errors[e]:.2f}x" for e in ("onnxruntime", "octave"))
    return f"| {name} | {layers} | {ratios} | {report['verdict']} | {ours} | {theirs} |"


def zoo_row(name: str) -> str:
    """A row of the second table."""
    from cifarx.export.from_torch.reader import graph_from_module
    from cifarx.export.network.model_card import ModelCard
    from cifarx.export.to_onnx.writer import onnx_from_graph
    from cifarx.pytorch_models import registry

    spec = registry.models()[name]
    torch.manual_seed(0)
    module = randomized(spec.builder(10), spec.input_size)
    card = ModelCard(name, "", tuple(map(str, range(10))), (), (), "0" * 64)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "model.onnx")
        with path.open("wb") as file:
            file.writelines(
                onnx_from_graph(graph_from_module(module, spec.input_size), card).chunks()
            )
        theirs = default_share(module, spec.input_size, Path(place))
        return f"| {name} | {share(path)} | {theirs} |"


def put(page: str, table: str, row: str) -> str:
    """Return the page with this row in one of its tables, in place of the network's old row."""
    start, end = f"<!-- {table} -->\n", f"<!-- /{table} -->"
    before, _, rest = page.partition(start)
    rows, _, behind = rest.partition(end)
    head, kept = HEADS[table], rows.splitlines()[2:]
    order = TORCHVISION if table == "torchvision" else zoo()
    by_name = {line.split()[1]: line for line in (*kept, row)}
    lines = [*head, *(by_name[name] for name in order if name in by_name)]
    return before + start + "\n".join(lines) + "\n" + end + behind


def zoo() -> tuple[str, ...]:
    """Names of the zoo."""
    from cifarx.pytorch_models import registry

    return tuple(registry.models())


HEADS = {
    "torchvision": (
        "| network | layers | ONNX Runtime | Octave | verdict | built-in, model.onnx | default |",
        "|---|---|---|---|---|---|---|",
    ),
    "zoo": ("| network | built-in, model.onnx | default |", "|---|---|---|"),
}


def main() -> None:
    """Print one row per network and put it into the tables of a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    everything = (*TORCHVISION, *(f"zoo/{name}" for name in zoo()))
    parser.add_argument("names", nargs="*", default=everything, help="resnet18, zoo/bn8, …")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    for name in given.names:
        table = "zoo" if name.startswith("zoo/") else "torchvision"
        row = zoo_row(name.removeprefix("zoo/")) if table == "zoo" else torchvision_row(name)
        print(row, flush=True)
        if given.out:
            page = put(given.out.read_text("utf-8"), table, row)
            given.out.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
