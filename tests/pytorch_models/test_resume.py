from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from training import train_run

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.fit import fit
from cifarx.pytorch_models.observer import Observer
from cifarx.pytorch_models.plan import TrainOptions, make_plan
from cifarx.pytorch_models.run import Run
from cifarx.pytorch_models.train import Epoch

pytestmark = pytest.mark.usefixtures("unpainted")

# With batch norm, dropout, augmentation, a validation split, a schedule and uneven steps.
EVERYTHING: dict[str, Any] = {
    "epochs": 4,
    "batch_size": 9,
    "accumulate": 2,
    "schedule": "cosine",
    "weight_decay": 1e-3,
    "validation": 0.1,
    "test": 0.1,
    "augment": {"crop": 2, "flip": True, "rotate": 10.0, "brightness": 0.2},
}


class Stop(Observer):
    """As Ctrl-C after so many steps, or after an epoch."""

    def __init__(self, *, epoch: int = 0, steps: int = 0) -> None:
        self.last, self.steps = epoch, steps

    def after_step(self, images: int) -> None:
        self.steps -= 1
        if self.steps == 0:
            raise KeyboardInterrupt

    def after_epoch(self, epoch: Epoch) -> None:
        if epoch.epoch == self.last:
            raise KeyboardInterrupt


def resume(folder: Path, observer: Observer | None = None, **options: Any) -> Run:
    run = fit(make_plan(TrainOptions(out=folder, resume=True, **options)), observer)
    assert run is not None
    return run


def history(run: Run) -> list[str]:
    """The lines of history.csv but for the seconds."""
    lines = (run.folder / "history.csv").read_text().splitlines()
    return [line.rpartition(",")[0] for line in lines]


@pytest.mark.parametrize(
    "settings", [{}, {"optimizer": "sgd", "momentum": 0.9}], ids=["adam", "sgd"]
)
def test_an_interrupted_run_goes_on_to_the_same_bytes(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    changes = EVERYTHING | settings
    whole = train_run("bn-tiny", limit=50, out=tmp_path / "whole", **changes)
    out = tmp_path / "r"
    with pytest.raises(KeyboardInterrupt):
        train_run("bn-tiny", limit=50, out=out, observer=Stop(epoch=1), **changes)
    with pytest.raises(KeyboardInterrupt):
        resume(out, Stop(steps=4))  # in the middle of the third epoch
    with pytest.raises(KeyboardInterrupt):
        resume(out, Stop(epoch=4))  # all epochs done, the pictures not yet
    assert (out / "resume.safetensors").is_file()
    run = resume(out)
    assert run.weights.read_bytes() == whole.weights.read_bytes()
    assert history(run) == history(whole)
    different = {"seconds"}
    a, b = (r.record.metrics.items() for r in (run, whole))
    assert {k: v for k, v in a if k not in different} == {k: v for k, v in b if k not in different}
    assert run.record.best_epoch == whole.record.best_epoch
    names = [sorted(p.name for p in r.folder.iterdir()) for r in (run, whole)]
    assert names[0] == names[1]


@pytest.mark.parametrize("network", ["bn-tiny", "plain-tiny"])
def test_the_test_can_tell_a_run_that_lost_its_optimizer(tmp_path: Path, network: str) -> None:
    """Without the optimizer's state the weights differ: it is needed, and kept."""
    whole = train_run(network, limit=50, out=tmp_path / "whole", epochs=2)
    with pytest.raises(KeyboardInterrupt):
        train_run(network, limit=50, out=tmp_path / "r", observer=Stop(epoch=1), epochs=2)
    path = tmp_path / "r" / "resume.safetensors"
    tensors = load_file(path)
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    save_file({k: t * 0 if "exp_avg" in k else t for k, t in tensors.items()}, path, metadata)
    assert resume(tmp_path / "r").weights.read_bytes() != whole.weights.read_bytes()


# Each training is a process of its own, forked to save the imports, and is killed for good.
KILLER = """
import os, random, signal, sys, time
import torch
from cifarx.pytorch_models import fit, plots, plan, zoo
from cifarx.pytorch_models.registry import find
import cifarx.cli
torch.set_num_threads(1)
fit._device_name = lambda plan: "cpu"
out, moments = sys.argv[1], random.Random(0)
common = ["train", "--device", "cpu"]
begin = common + ["bn-tiny", "--data", "shapes", "--limit", "100", "--epochs", "25", "--recipe",
    sys.argv[2]]
def call(arguments, seconds):
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.argv = ["cifarx", *arguments]
        try:
            cifarx.cli.main()
        except SystemExit as end:
            os._exit(end.code or 0)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
start = time.monotonic()
assert call(begin + ["--out", out + "/whole"], None) == 0
whole = time.monotonic() - start
killed, tries, resumed = 0, 0, out + "/r/resume.safetensors"
while True:
    tries += 1
    limit = None if tries > 8 else whole * moments.uniform(0.02, 0.3)
    there = os.path.exists(resumed)
    code = call((common + ["--resume"] if there else begin) + ["--out", out + "/r"], limit)
    if code == 0:
        break
    assert code == -signal.SIGKILL, code
    killed += 1
print(killed)
"""


def test_a_run_killed_at_random_moments_is_resumed_to_the_same_bytes(tmp_path: Path) -> None:
    recipe = tmp_path / "own.toml"
    recipe.write_text(
        'source = "a test"\ndataset = "shapes"\nmean = [0.5]\nstd = [0.5]\noptimizer = "sgd"\n'
        "learning_rate = 0.05\nmomentum = 0.9\nbatch_size = 20\nepochs = 1\nvalidation = 0.1\n"
        "[augment]\nflip = true\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", KILLER, tmp_path, recipe], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 3, done.stdout
    one, two = (tmp_path / name / "model.safetensors" for name in ("whole", "r"))
    assert one.read_bytes() == two.read_bytes()
    assert not (tmp_path / "r" / "resume.safetensors").exists()
    records = [json.loads((p.parent / "run.json").read_text()) for p in (one, two)]
    assert records[0]["weights_sha256"] == records[1]["weights_sha256"]
    assert records[0]["epochs_done"] == records[1]["epochs_done"] == 25


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unfinished run; tests must not change it."""
    out = tmp_path_factory.mktemp("begun") / "r"
    with pytest.raises(KeyboardInterrupt):
        train_run("bn-tiny", limit=20, out=out, observer=Stop(epoch=1), epochs=3)
    return out


@pytest.fixture
def unfinished(begun: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(begun, tmp_path / "runs" / "r"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "lenet-tiny"}, "network bn-tiny, but now lenet-tiny "),
        ({"data": "shapes-grey"}, "--data shapes, but now shapes-grey "),
        ({"limit": 30}, "--limit 20, but now 30 "),
        ({"seed": 1}, "--seed 0, but now 1 "),
        ({"weights": "w.pth"}, "--weights .*, but now w.pth "),
        ({"recipe": "lenet"}, "--recipe tiny, but now lenet "),
        ({"changes": {"epochs": 9}}, "--epochs 3, but now 9 "),
        ({"changes": {"batch_size": 9}}, "--batch-size 50, but now 9 "),
        ({"changes": {"precision": "bf16"}}, "--precision float32, but now bf16 "),
    ],
)
def test_options_that_contradict_the_run_are_refused(
    begun: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=rf"was started with {words}.*leave the option out"):
        make_plan(TrainOptions(out=begun, resume=True, **options))


def test_the_options_of_the_run_itself_may_be_given_again(begun: Path) -> None:
    again = TrainOptions(
        "bn-tiny", "shapes", "tiny", {"epochs": 3}, limit=20, seed=0, weights="none",
        device="cpu", out=begun, resume=True,
    )  # fmt: skip
    plan = make_plan(again)
    assert (plan.spec.name, plan.recipe_name, plan.recipe.epochs) == ("bn-tiny", "tiny", 3)
    assert (plan.limit, plan.seed, plan.weights, plan.folder) == (20, 0, "", begun)


def test_a_recipe_and_weights_may_be_given_again_as_they_were(trained: Run, tmp_path: Path) -> None:
    changes = {"epochs": 2, "batch_size": 10}
    options = TrainOptions(
        "bn-tiny", "shapes", "strong-cifar10", changes, 10, weights=str(trained.weights),
        out=tmp_path / "r",
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        fit(make_plan(options), Stop(epoch=1))
    run = resume(tmp_path / "r", recipe="strong-cifar10", weights=str(trained.weights))
    assert run.record.pretrained.startswith("model.safetensors, SHA-256 ")
    assert run.record.recipe_name == "strong-cifar10"


def test_the_newest_unfinished_run_is_found(
    unfinished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(unfinished.parents[1])
    later = Path(shutil.copytree(unfinished, unfinished.with_name("later")))
    for n, folder in enumerate((unfinished, later)):
        os.utime(folder / "resume.safetensors", (1000 + n, 1000 + n))
    assert make_plan(TrainOptions(resume=True)).folder == Path("runs/later")
    os.utime(unfinished / "resume.safetensors", (3000, 3000))
    assert make_plan(TrainOptions("bn-tiny", resume=True)).folder == Path("runs/r")
    with pytest.raises(UserError, match=r"no unfinished run of bn8 in .*runs .*--out"):
        make_plan(TrainOptions("bn8", resume=True))


def test_no_unfinished_run_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"no unfinished run in .*runs "):
        make_plan(TrainOptions(resume=True))


def test_a_finished_run_is_refused(trained: Run) -> None:
    with pytest.raises(UserError, match=r"has no resume.safetensors"):
        make_plan(TrainOptions(out=trained.folder, resume=True))


@pytest.mark.parametrize("damage", ["cut", "empty", "head", "other version", "no state"])
def test_a_damaged_state_is_refused(unfinished: Path, damage: str) -> None:
    path = unfinished / "resume.safetensors"
    content = path.read_bytes()
    tensors = load_file(path)
    if damage in ("cut", "empty", "head"):
        path.write_bytes({"cut": content[:-7], "empty": b"", "head": b"\xff" + content}[damage])
    else:
        state = {"record": "{}", "history": []}
        save_file(tensors, path, {"state": json.dumps(state)} if damage == "other version" else {})
    with pytest.raises(UserError, match=r"resume.safetensors is damaged"):
        make_plan(TrainOptions(out=unfinished, resume=True))


def test_changed_images_are_refused(tmp_path: Path) -> None:
    data = tmp_path / "d"
    for label, name in enumerate("ab"):
        (data / name).mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (32, 32), (99 * label, 9 * i, 0)).save(data / name / f"{i}.png")
    out = tmp_path / "r"
    with pytest.raises(KeyboardInterrupt):
        train_run("bn-tiny", str(data), out=out, observer=Stop(epoch=1), epochs=2)
    before = (data / "a" / "3.png").read_bytes()
    Image.new("RGB", (32, 32), (1, 2, 3)).save(data / "a" / "3.png")
    state = (out / "resume.safetensors").read_bytes()
    with pytest.raises(UserError, match=r"The images of .*d are not those that .*r was"):
        resume(out)
    assert (out / "resume.safetensors").read_bytes() == state
    (data / "a" / "3.png").write_bytes(before)
    assert resume(out, data=str(data)).record.epochs_done == 2
