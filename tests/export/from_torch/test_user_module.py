"""Modules named on the command line; commands test the refusals."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from torch import nn

from cifarx.export.from_torch.user_module import (
    digest_of,
    load_user_module,
    module_inputs,
    require_float32,
)
from cifarx.pytorch_models.errors import UserError

SOURCE = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(12, 5))

def make():
    return Net()

ready = Net()

class Inside:
    made = Net
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nets_of_this_test.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["Net", "make", "ready", "Inside.made"])
def test_a_class_a_function_and_a_module_are_loaded(name: str, folder: Path) -> None:
    module = load_user_module(f"nets_of_this_test:{name}")
    assert type(module).__name__ == "Net"


def test_what_is_no_module_is_named(folder: Path) -> None:
    with pytest.raises(UserError, match=r"gives a Inside, not a torch\.nn\.Module"):
        load_user_module("nets_of_this_test:Inside")
    with pytest.raises(UserError, match=r"nothing called 'Nets'\. Did you mean 'Net'"):
        load_user_module("nets_of_this_test:Nets")


def test_the_digest_is_over_names_and_bytes() -> None:
    module = nn.Linear(2, 3)
    digest = hashlib.sha256()
    for name in ("weight", "bias"):
        digest.update(name.encode() + getattr(module, name).detach().numpy().tobytes())
    assert digest_of(module) == digest.hexdigest()


def test_float32_is_required_of_floating_point_tensors_alone() -> None:
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))  # counts its batches in int64
    require_float32("m", module)
    with pytest.raises(UserError, match=r"2 tensors that are not float32, such as 0.weight"):
        require_float32("m", nn.Sequential(nn.Conv2d(1, 1, 1).to(torch.float64)))


class TakesTwo(nn.Module):
    def forward(self, image: torch.Tensor, state: torch.Tensor, *rest: object) -> torch.Tensor:
        return image


def test_inputs_have_the_names_of_the_arguments() -> None:
    sizes = ((3, 8, 8), (4,))
    found = module_inputs("my:Net", TakesTwo(), sizes)
    assert [(one.name, one.shape) for one in found] == [("image", sizes[0]), ("state", sizes[1])]
    found = module_inputs("my:Net", TakesTwo(), sizes[::-1], ("state", "image"))
    assert [(one.name, one.shape) for one in found] == [("state", sizes[1]), ("image", sizes[0])]
    third = module_inputs("my:Net", TakesTwo(), (*sizes, (7, 9)))[2]
    assert (third.name, third.shape) == ("signal_3", (7, 9))


@pytest.mark.parametrize(
    ("size", "name", "form"),
    [((8,), "features", "CB"), ((2, 9), "signal", "SCB"), ((3, 8, 8), "image", "SSCB")],
)
def test_the_only_input_is_named_after_its_rank(
    size: tuple[int, ...], name: str, form: str
) -> None:
    (found,) = module_inputs("my:Net", TakesTwo(), (size,))
    assert (found.name, found.format) == (name, form)


@pytest.mark.parametrize(
    ("sizes", "names", "words"),
    [
        ((), (), "needs the size of its input: --input-size .* once per input for several"),
        (((8,),), ("image", "state"), "2 names of --input-name for 1 sizes of --input-size"),
        (((8,),), ("imag",), "forward has no argument 'imag'; it has image, state"),
        (((8,),), ("rest",), "forward has no argument 'rest'"),
    ],
)
def test_sizes_and_names_must_be_of_the_arguments(
    sizes: tuple[tuple[int, ...], ...], names: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        module_inputs("my:Net", TakesTwo(), sizes, names)
