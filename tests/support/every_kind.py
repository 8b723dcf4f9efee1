"""Small networks that have every kind of layer between them, with PyTorch's answers.

`python tests/support/every_kind.py` writes them to matlab/tests/data/, from where the tests that a
MATLAB owner runs take them. Windows, strides, edges and maps are of unequal sides throughout, so
that nothing can be swapped unseen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.model_contract import SourceOptions
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.sources import open_source

DATA = Path(__file__).resolve().parents[2] / "matlab" / "tests" / "data"
SIZE = (3, 9, 11)
CLASSES = 5
COUNT = 4
"""Inputs in each file."""


class Windows(nn.Module):
    """Everything that slides over maps; edges of unequal width by way of ZeroPad2d."""

    def __init__(self) -> None:
        super().__init__()
        self.edges = nn.ZeroPad2d((0, 2, 1, 0))
        self.conv = nn.Conv2d(3, 6, (3, 2), stride=(1, 2), padding=(1, 0))
        self.dilated = nn.Conv2d(6, 4, (2, 3), dilation=(1, 2), padding=(0, 1))
        self.grouped = nn.Conv2d(4, 6, (3, 2), groups=2, padding=(1, 1), stride=(2, 1))
        self.depthwise = nn.Conv2d(6, 6, (1, 3), groups=6)
        self.up = nn.ConvTranspose2d(6, 4, (3, 4), stride=(2, 3), padding=1, output_padding=(1, 0))
        self.most = nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0), ceil_mode=True)
        self.zeros = nn.AvgPool2d((2, 3), stride=(1, 2), padding=(1, 0))
        self.inside = nn.AvgPool2d((3, 2), stride=1, padding=(1, 1), count_include_pad=False)
        self.drop = nn.Dropout(0.25)
        self.fc1 = nn.LazyLinear(7)
        self.fc2 = nn.Linear(7, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.dilated(self.conv(self.edges(x)))
        x = self.up(self.depthwise(self.grouped(x)))
        x = self.inside(self.zeros(self.most(x)))
        return self.fc2(torch.relu(self.fc1(self.drop(torch.flatten(x, 1)))))


class Norms(nn.Module):
    """Normalisations of maps and of features."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, bias=False)
        self.batch = nn.BatchNorm2d(6, eps=1e-3)
        self.layer = nn.LayerNorm(6, eps=2e-3)
        self.group = nn.GroupNorm(2, 6, eps=3e-3)
        self.instance = nn.InstanceNorm2d(6, eps=4e-3, affine=True)
        self.response = nn.LocalResponseNorm(3, alpha=0.5, beta=0.6, k=1.5)
        self.fc1 = nn.LazyLinear(8)
        self.batch_of_features = nn.BatchNorm1d(8, eps=5e-3)
        self.layer_of_features = nn.LayerNorm(8, eps=6e-3)
        self.fc2 = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.batch(self.conv(x))
        x = self.layer(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        x = self.response(self.group(x) + x)
        x = self.instance(x) + x
        x = self.fc1(torch.flatten(x, 1))
        return self.fc2(self.layer_of_features(self.batch_of_features(x)))


class Curves(nn.Module):
    """Functions of one element, one after the other; flattening that stays a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, (3, 2))
        self.prelu = nn.PReLU(4)
        self.scale = nn.Parameter(torch.rand(4, 1, 1) + 0.5)
        self.offset = nn.Parameter(torch.rand(4, 1, 1))
        self.fc = nn.Linear(4, CLASSES)
        self.fc_prelu = nn.PReLU(4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.prelu(self.conv(x))
        x = functional.leaky_relu(x, 0.2)
        x = functional.elu(x * 2 - 0.5, 0.7)
        x = functional.gelu(x) + functional.gelu(x, approximate="tanh")
        x = functional.relu6(functional.silu(x) * 3 + 1)
        x = torch.tanh(x) + torch.sigmoid(x - 1) + torch.relu(x - 0.5)
        x = self.scale * x + self.offset
        x = torch.softmax(x * 2, 1)
        x = torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1)
        return self.fc(self.fc_prelu(x - 0.25))


class Functions(nn.Module):
    """Functions that Deep Learning Toolbox has no layers for, of one element and of two."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, (3, 2))
        self.exponent = nn.Parameter(torch.tensor([2.75]))
        self.exponents = nn.Parameter(torch.rand(4, 1, 1) + 0.5)
        self.fc = nn.Linear(4, 6)
        self.last = nn.Linear(6, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        size = torch.sqrt(torch.abs(x) + 0.5)
        y = torch.sin(x) / size + torch.cos(2 * x) * torch.exp(-size)
        y = torch.maximum(y, torch.minimum(x, torch.log(size)))
        y = functional.mish(y) + functional.softplus(x, beta=2) + torch.reciprocal(size)
        y = y + 0.125 * (torch.floor(y) + torch.ceil(3 * y) + torch.sign(x))
        y = size**self.exponent + torch.abs(y) ** self.exponents + functional.log_softmax(y, 1)
        y = functional.normalize(y, dim=1)
        y = self.fc(torch.flatten(functional.adaptive_avg_pool2d(y, 1), 1))
        y = functional.normalize(y, dim=1) + functional.log_softmax(y, 1)
        return self.last(torch.exp(y))


class Joins(nn.Module):
    """Branches that are added, multiplied and put one behind the other."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 4, 3, padding=1)
        self.two = nn.Conv2d(3, 4, 3, padding=1)
        self.gate = nn.Conv2d(4, 4, 1)
        self.across = nn.Conv2d(12, 2, (3, 2), stride=(2, 3))
        self.fc = nn.LazyLinear(7)
        self.square = nn.Linear(7, 7)
        self.last = nn.Linear(7, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.one(x), self.two(x)
        c = a + torch.relu(b)
        c = c * torch.sigmoid(self.gate(functional.adaptive_avg_pool2d(c, 1)))
        c = torch.cat([a, c, b], 1)
        tall = torch.cat([functional.max_pool2d(c, 2), c[:, :, :5, :5]], 2)
        wide = torch.cat([tall, tall * 2], 3)
        means = torch.flatten(functional.adaptive_avg_pool2d(wide, 1), 1)
        most = torch.flatten(functional.adaptive_max_pool2d(wide, 1), 1)
        seen = torch.flatten(self.across(wide), 1)
        x = self.fc(torch.cat([means, torch.flatten(tall, 1), most, seen], 1))
        return self.last(torch.relu(self.square(x)))


class Resized(nn.Module):
    """Maps of other sizes: to nearest pixels and bilinearly, larger and smaller."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, (3, 2))
        self.inner = nn.Conv2d(4, 4, (2, 3))
        self.fc1 = nn.LazyLinear(7)
        self.fc2 = nn.Linear(7, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.interpolate(self.conv(x), size=(11, 13))
        x = functional.interpolate(self.inner(x), size=(7, 16), mode="bilinear")
        x = functional.interpolate(torch.relu(x), scale_factor=(1.5, 0.7), mode="bilinear")
        return self.fc2(torch.relu(self.fc1(torch.flatten(x, 1))))


class Oldest(nn.Module):
    """Layers that Deep Learning Toolbox R2021a has with all that is asked of them."""

    def __init__(self) -> None:
        super().__init__()
        self.edges = nn.ZeroPad2d((0, 2, 1, 0))
        self.conv = nn.Conv2d(3, 6, (3, 2), stride=(1, 2), padding=(1, 0))
        self.norm = nn.BatchNorm2d(6, eps=1e-3)
        self.apart = nn.Conv2d(6, 6, (1, 3), groups=3)
        self.most = nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0))
        self.mean = nn.AvgPool2d((2, 1), stride=(1, 1))
        self.fc1 = nn.LazyLinear(7)
        self.fc2 = nn.Linear(7, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv(self.edges(x))))
        x = self.mean(self.most(torch.cat([self.apart(x), x[:, :, :, :4]], 1)))
        return self.fc2(torch.relu(self.fc1(torch.flatten(x, 1))))


class Segments(nn.Module):
    """Maps in, a map per class out, by way of maps of half the size."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(3, 6, 3, padding=1)
        self.deep = nn.Conv2d(6, 5, 3, padding=1)
        self.up = nn.ConvTranspose2d(5, 4, 2, stride=2)
        self.outer = nn.Conv2d(10, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.inner(x))
        y = self.up(torch.relu(self.deep(functional.max_pool2d(x, 2))))
        return self.outer(torch.cat([x, y], 1))


class Vectors(nn.Module):
    """Seven numbers in, three out."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(7, 12)
        self.fc2 = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(torch.tanh(self.fc1(x)))


class Signals(nn.Module):
    """A filter of signals: two channels in, three out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(2, 6, 5, padding=2)
        self.conv2 = nn.Conv1d(6, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(torch.relu(self.conv1(x)))


class Several(nn.Module):
    """An image and a state in, an action and its value out."""

    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Conv2d(1, 4, 3, stride=2)
        self.seen = nn.Linear(4 * 4 * 5, 6)
        self.feel = nn.Linear(5, 6)
        self.act = nn.Linear(12, 2)
        self.judge = nn.Linear(12, 1)

    def forward(self, image: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.seen(torch.flatten(torch.relu(self.see(image)), 1))
        x = torch.relu(torch.cat([seen, self.feel(state)], 1))
        return torch.tanh(self.act(x)), self.judge(x).squeeze(1)


class Decoded(nn.Module):
    """Numbers become maps."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 5 * 3 * 4)
        self.conv = nn.Conv2d(5, 2, (3, 2), padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(torch.relu(self.fc(x)).reshape(-1, 5, 3, 4))


@dataclass(frozen=True)
class Other:
    """A network of another task than classification, or of other inputs than one image."""

    make: Callable[[], nn.Module]
    sizes: tuple[tuple[int, ...], ...]
    task: str


OTHERS = {
    "segments": Other(Segments, ((3, 8, 10),), "segmentation"),
    "vectors": Other(Vectors, ((7,),), "regression"),
    "signals": Other(Signals, ((2, 20),), "regression"),
    "several": Other(Several, ((1, 9, 11), (5,)), "regression"),
    "decoded": Other(Decoded, ((6,),), "regression"),
}
NETWORKS = {
    "windows": Windows,
    "norms": Norms,
    "curves": Curves,
    "functions": Functions,
    "joins": Joins,
    "resized": Resized,
    "oldest": Oldest,
}


def made(name: str) -> nn.Module:
    """A network with random weights and, for batch norm, random statistics."""
    torch.manual_seed(0)
    other = OTHERS.get(name)
    module = other.make() if other else NETWORKS[name]()
    module.eval()
    with torch.no_grad():
        if not other:
            module(torch.randn(2, *SIZE))  # sizes of lazy layers
        for key, value in module.state_dict().items():
            if key.endswith("running_var") or (value.ndim == 1 and key.endswith("weight")):
                value.uniform_(0.5, 1.5)
            elif value.ndim == 1:
                value.uniform_(-0.5, 0.5)
    return module


def windows() -> nn.Module:
    return made("windows")


def norms() -> nn.Module:
    return made("norms")


def curves() -> nn.Module:
    return made("curves")


def functions() -> nn.Module:
    return made("functions")


def joins() -> nn.Module:
    return made("joins")


def resized() -> nn.Module:
    return made("resized")


def _of_white(*values: float) -> tuple[float, ...]:
    return tuple(value / 255 for value in values)


def oldest() -> nn.Module:
    return made("oldest")


def segments() -> nn.Module:
    return made("segments")


def vectors() -> nn.Module:
    return made("vectors")


def signals() -> nn.Module:
    return made("signals")


def several() -> nn.Module:
    return made("several")


def decoded() -> nn.Module:
    return made("decoded")


def _first(batch: TestBatch) -> TestBatch:
    """The first inputs of a test batch, so that the files are small."""
    return replace(
        batch,
        images=batch.images[:COUNT],
        inputs=tuple(x[:COUNT] for x in batch.inputs),
        labels=batch.labels[:COUNT],
        outputs=tuple(x[:COUNT] for x in batch.outputs),
        references=tuple(x[:COUNT] for x in batch.references),
    )


def write(name: str, folder: Path) -> Path:
    """Write NAME.mat and NAME.onnx; images of three channels are normalised, but for `curves`."""
    other = OTHERS.get(name)
    options = SourceOptions(input_sizes=(SIZE,))
    if other:
        options = SourceOptions(input_sizes=other.sizes, task=other.task)
    if name != "curves" and options.input_sizes[0][0] == 3:
        options = replace(options, mean=_of_white(100, 120, 150), std=_of_white(50, 60, 75))
    source = open_source(f"every_kind:{name}", options)
    bundle = replace(source.bundle, batch=_first(source.bundle.batch))
    write_bundle(bundle, folder, name, Formats(onnx=True, mat=True))
    return folder / f"{name}.mat"


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    sys.path.insert(0, str(Path(__file__).parent))
    for network in (*NETWORKS, *OTHERS):
        print(write(network, DATA))
