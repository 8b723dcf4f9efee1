from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file, save_model
from torch import nn

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import sha256
from cifarx.pytorch_models.registry import find
from cifarx.pytorch_models.weights import load_exactly, start_from

State = dict[str, torch.Tensor]


def network(seed: int, classes: int = 10) -> nn.Module:
    torch.manual_seed(seed)
    return find("bn-tiny").builder(classes)


@pytest.mark.parametrize(
    ("name", "save"), [("w.safetensors", save_file), ("w.pth", torch.save), ("w.pt", torch.save)]
)
def test_a_file_of_weights_is_loaded_and_recorded(
    tmp_path: Path, name: str, save: Callable[[State, Path], None]
) -> None:
    wanted = network(1).state_dict()
    save(wanted, tmp_path / name)
    model = network(2)
    recorded = start_from(model, str(tmp_path / name))
    assert recorded == f"{name}, SHA-256 {sha256(tmp_path / name)}"
    for key, tensor in model.state_dict().items():
        assert torch.equal(tensor, wanted[key]), key


def test_a_last_layer_of_another_size_is_kept_new(tmp_path: Path) -> None:
    save_file(network(1, classes=7).state_dict(), tmp_path / "w.safetensors")
    model, new, wanted = network(2), network(2).state_dict(), network(1, classes=7).state_dict()
    start_from(model, str(tmp_path / "w.safetensors"))
    last = next(reversed(new)).rpartition(".")[0]
    for key, tensor in model.state_dict().items():
        expected = new if key.startswith(last) else wanted
        assert torch.equal(tensor, expected[key]), key


def test_weights_of_another_network_are_refused_by_name(tmp_path: Path) -> None:
    save_file(find("lenet-tiny").builder(10).state_dict(), tmp_path / "w.safetensors")
    model, before = network(2), network(2).state_dict()
    complaint = r"do not fit the network: \d+ of its \d+ tensors .* \(conv1.bias, conv1."
    with pytest.raises(UserError, match=complaint):
        start_from(model, str(tmp_path / "w.safetensors"))
    assert all(torch.equal(t, before[key]) for key, t in model.state_dict().items())


def test_one_tensor_of_another_size_is_named(tmp_path: Path) -> None:
    state = network(1).state_dict()
    state["conv2.weight"] = state["conv2.weight"][:1].clone()
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(UserError, match=r" 1 of its \d+ tensors .* \(conv2.weight\)"):
        start_from(network(2), str(tmp_path / "w.safetensors"))


class Evil:
    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.made),)


def test_code_in_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"conv1.weight": Evil(tmp_path / "made")}, tmp_path / "w.pth")
    with pytest.raises(UserError, match=r"w.pth cannot be read as a state dict") as refused:
        start_from(network(2), str(tmp_path / "w.pth"))
    assert "(UnpicklingError: Trying to load unsupported GLOBAL" in str(refused.value)
    assert str(refused.value).isprintable()  # torch colours its text
    assert not (tmp_path / "made").exists()
    torch.load(tmp_path / "w.pth", weights_only=False)  # the code is there, and would have run
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"PK\x03\x04", b"\x80\x02.", b"hello", b"\0" * 99])
@pytest.mark.parametrize("name", ["w.safetensors", "w.pth", "w"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=rf"--weights .*{name} cannot be read as a state dict"):
        start_from(network(2), str(tmp_path / name))


@pytest.mark.parametrize("content", [{"model": {"a": 1}}, [torch.ones(1)], torch.ones(1)])
def test_what_is_no_state_dict_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pth")
    kind = type(content).__name__
    with pytest.raises(UserError, match=rf"holds a {kind}, not a state dict"):
        start_from(network(2), str(tmp_path / "w.pth"))


@pytest.mark.parametrize("name", ["no.safetensors", "no.pth", "no"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=rf"{name} cannot be read .* \(FileNotFoundError: .*No "):
        start_from(network(2), str(tmp_path / name))


@pytest.mark.parametrize("name", ["ResNet18_Weights.NOPE", "Nope_Weights.DEFAULT", "my_Weights.pt"])
def test_an_unknown_torchvision_entry_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=rf"--weights {name} is neither a file nor an entry"):
        start_from(network(2), name)


def test_a_file_may_be_called_like_an_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(network(1).state_dict(), "my_Weights.pth")
    assert start_from(network(2), "my_Weights.pth").startswith("my_Weights.pth, SHA-256 ")


def test_published_weights_are_loaded_by_name_and_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import ResNet18_Weights

    published = find("transfer").builder(1000).state_dict()
    monkeypatch.setattr(ResNet18_Weights, "get_state_dict", lambda self, **options: published)
    model = find("transfer").builder(10)
    name = "ResNet18_Weights.IMAGENET1K_V1"
    assert start_from(model, name) == name
    assert torch.equal(
        model.state_dict()["layer3.0.conv1.weight"], published["layer3.0.conv1.weight"]
    )


def test_weights_that_cannot_be_downloaded_say_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from torchvision.models import ResNet18_Weights

    def fail(self: object, **options: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr(ResNet18_Weights, "get_state_dict", fail)
    with pytest.raises(
        UserError, match=r"not be downloaded from https://.*\.pth .*no network.*--we"
    ):
        start_from(find("transfer").builder(10), "ResNet18_Weights.IMAGENET1K_V1")


@pytest.mark.filterwarnings("ignore:Validating sparse tensor")
@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda w: w.int(), "conv1.weight is int32, but float32"),
        (lambda w: w.to(torch.complex64), "conv1.weight is complex64, but float32"),
        (lambda w: w * torch.nan, "has NaN or infinite values in conv1.weight"),
        (lambda w: w / 0, "has NaN or infinite values in conv1.weight"),
        (lambda w: w.double() + 1e300, "conv1.weight, or values too large for float32"),
        (lambda w: w.to_sparse(), "has a sparse tensor, conv1.weight"),
    ],
)
def test_a_tensor_that_would_become_another_one_is_named(
    tmp_path: Path, spoil: Callable[[torch.Tensor], torch.Tensor], complaint: str
) -> None:
    model = network(1)
    before = {name: t.clone() for name, t in model.state_dict().items()}
    state = network(2).state_dict()
    state["conv1.weight"] = spoil(state["conv1.weight"])
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(UserError, match=complaint):
        load_exactly(model, tmp_path / "w.pt")
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())


@pytest.mark.parametrize("kind", [torch.float16, torch.float64])
def test_other_floating_point_numbers_are_taken(tmp_path: Path, kind: torch.dtype) -> None:
    state = network(2).state_dict()
    torch.save({n: t.to(kind) if t.is_floating_point() else t for n, t in state.items()},
               tmp_path / "w.pt")  # fmt: skip
    model = network(1)
    load_exactly(model, tmp_path / "w.pt")
    expected = state["conv1.weight"].to(kind).float()
    assert torch.equal(model.state_dict()["conv1.weight"], expected)


def test_the_count_of_batches_may_be_left_out_and_nothing_else(tmp_path: Path) -> None:
    state = network(2).state_dict()
    counts = [name for name in state if name.endswith("num_batches_tracked")]
    assert counts
    kept = {name: tensor for name, tensor in state.items() if name not in counts}
    torch.save(kept, tmp_path / "w.pt")
    model = network(1)
    load_exactly(model, tmp_path / "w.pt")
    assert all(torch.equal(t, model.state_dict()[name]) for name, t in kept.items())
    del kept["conv1.weight"]
    torch.save(kept, tmp_path / "w.pt")
    with pytest.raises(UserError, match=r"it lacks conv1.weight\."):
        load_exactly(model, tmp_path / "w.pt")


def test_tensors_of_several_names_are_loaded_as_safetensors_saves_them(tmp_path: Path) -> None:
    def tied() -> nn.Sequential:
        layer = nn.Linear(4, 4)
        return nn.Sequential(layer, nn.ReLU(), layer, nn.Linear(4, 2))

    saved, model = tied(), tied()
    save_model(saved, str(tmp_path / "w.safetensors"))
    load_exactly(model, tmp_path / "w.safetensors")
    assert all(torch.equal(t, model.state_dict()[name]) for name, t in saved.state_dict().items())
    with pytest.raises(UserError, match=r"it lacks 2\.(bias|weight)"):  # its own there
        load_exactly(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 2)),
                     tmp_path / "w.safetensors")  # fmt: skip
