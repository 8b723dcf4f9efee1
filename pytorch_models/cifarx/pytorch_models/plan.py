"""Plan a training from the command's options, a recipe or the record of an earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from cifarx.pytorch_models.checkpoint import read_draft
from cifarx.pytorch_models.data.images import DataSet
from cifarx.pytorch_models.data.open import open_data, reopen_data
from cifarx.pytorch_models.distributed import ALONE, World, world_from_environment
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.recipe import (
    Recipe,
    changed,
    find_recipe,
    named_recipe,
    parse_recipe,
)
from cifarx.pytorch_models.registry import ModelSpec, find
from cifarx.pytorch_models.run import RESUME, RunRecord, parse_record
from cifarx.pytorch_models.run_folder import refuse_run
from cifarx.pytorch_models.weights import NONE, file_origin


@dataclass(frozen=True)
class TrainOptions:
    """The options of `cifarx train`; None takes the recipe's value."""

    model: str | None = None
    """Name of the network; not needed if `recipe` is a run.json or an unfinished run is resumed."""
    data: str | None = None
    recipe: str | None = None
    """The name of a shipped recipe, a TOML file, or a run.json."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the recipe to change, such as `epochs`."""
    limit: int | None = None
    seed: int | None = None
    weights: str | None = None
    device: str | None = None
    out: Path | None = None
    resume: bool = False


@dataclass(frozen=True)
class Plan:
    """What a training will do, known before the first image is read."""

    spec: ModelSpec
    recipe_name: str
    recipe: Recipe
    data: DataSet
    device: torch.device
    folder: Path
    """The run's folder; if it exists and `numbered` is true, `folder-2` and so on."""
    numbered: bool
    seed: int = 0
    limit: int | None = None
    weights: str = ""
    """The weights to start from; '' for random ones."""
    resume: bool = False
    """Whether `folder` holds an unfinished run to continue."""
    world: World = ALONE


def make_plan(options: TrainOptions) -> Plan:
    """Resolve names and defaults.

    Raises:
        UserError: unknown network, recipe, data or device, options that contradict an unfinished
            run, or a run that would be overwritten.

    >>> plan = make_plan(TrainOptions("bn8", "shapes", device="cpu"))
    >>> plan.recipe_name, plan.recipe.epochs, plan.folder.as_posix()
    ('bn8-shapes', 3, 'runs/bn8-shapes')
    """
    world = world_from_environment()
    if options.resume:
        return _resumed(options, world)
    record, recipe_name, recipe = _recipe(options)
    spec = find(_model(options, record))
    weights = spec.pretrained if options.weights is None else options.weights
    if record is not None and options.weights is None:
        weights = _recorded_weights(record)
    recipe = changed(recipe, options.changes)
    device = find_device(options.device, recipe, world)
    if options.data is None and record is not None:
        data = reopen_data(record.data.origin, record.data.root)
    else:
        data = open_data(recipe.dataset if options.data is None else options.data)
    folder = options.out or Path("runs") / f"{spec.name}-{data.name}"
    if options.out is not None:
        refuse_run(folder)
    return Plan(
        spec,
        recipe_name,
        recipe,
        data,
        device,
        folder,
        numbered=options.out is None,
        seed=_given(options.seed, record.seed if record else 0),
        limit=_given(options.limit, record.data.limit if record else None),
        weights="" if weights == NONE else weights,
        world=world,
    )


def _given(option: Any, otherwise: Any) -> Any:
    return otherwise if option is None else option


def _model(options: TrainOptions, record: RunRecord | None) -> str:
    if options.model is not None:
        return options.model
    if record is not None:
        return record.model
    raise UserError(
        "Name the network to train, as in 'cifarx train bn8' ('cifarx models' lists them). It can "
        "be left out only with --recipe RUN.JSON or --resume."
    )


def _recipe(options: TrainOptions) -> tuple[RunRecord | None, str, Recipe]:
    """Return the run.json that --recipe names, if any; the recipe's name; the recipe."""
    asked = options.recipe
    if asked is None:
        return None, *find_recipe(find(_model(options, None)).recipe, options.data)
    path = Path(asked)
    if path.suffix not in (".json", ".toml"):
        return None, *named_recipe(asked, find(_model(options, None)).recipe)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"--recipe {asked} cannot be read ({error}). Give the name of a shipped recipe, a "
            "recipe as a TOML file, or the run.json of a run."
        ) from error
    if path.suffix == ".toml":
        return None, path.stem, parse_recipe(text, f"recipe {asked}")
    record = parse_record(text, path)
    return record, record.recipe_name, record.recipe


def _recorded_weights(record: RunRecord) -> str:
    if record.imported is not None:
        raise UserError(
            f"The weights of that run were imported from {record.imported.file}, so training "
            "cannot reproduce them. To continue training from them, give the model.safetensors "
            "beside that run.json with --weights FILE; to train as its parent was trained, give "
            f"--weights {NONE}."
        )
    if "SHA-256" in record.pretrained:
        raise UserError(
            f"That run started from the weights {record.pretrained}. Give that file again with "
            f"--weights FILE, or --weights {NONE} for random ones."
        )
    return record.pretrained or NONE


def _resumed(options: TrainOptions, world: World) -> Plan:
    """Plan to continue the unfinished run that --out names, or else the newest that fits."""
    folder = options.out or _newest_unfinished(options)
    draft = read_draft(folder)
    record, recipe = draft.record, draft.record.recipe
    fixed: dict[str, tuple[Any, Any]] = {
        "network": (options.model, record.model),
        "--data": (options.data, record.data.origin),
        "--limit": (options.limit, record.data.limit),
        "--seed": (options.seed, record.seed),
        "--weights": (_as_recorded(options.weights), record.pretrained),
    }
    if options.recipe is not None:
        known = replace(options, model=options.model or record.model)
        fixed["--recipe"] = (_recipe(known)[1], record.recipe_name)
    fixed |= {
        f"--{name.replace('_', '-')}": (value, getattr(recipe, name))
        for name, value in options.changes.items()
    }
    for name, (asked, recorded) in fixed.items():
        same = name == "--data" and asked is not None and _same_path(asked, str(recorded))
        if asked is not None and asked != recorded and not same:
            raise UserError(
                f"{folder} was started with {name} {recorded}, but now {asked} is given. A resumed "
                "run cannot change its options: leave the option out, or start a new run without "
                "--resume."
            )
    return Plan(
        find(record.model),
        record.recipe_name,
        recipe,
        reopen_data(record.data.origin, record.data.root),
        find_device(options.device, recipe, world),
        folder,
        numbered=False,
        seed=record.seed,
        limit=record.data.limit,
        weights=record.pretrained,
        resume=True,
        world=world,
    )


def _as_recorded(weights: str | None) -> str | None:
    """Return what the record of a run states for `--weights`."""
    if weights is None or not Path(weights).is_file():
        return "" if weights == NONE else weights
    return file_origin(Path(weights))


def _same_path(asked: str, recorded: str) -> bool:
    return Path(asked).exists() and str(Path(asked).resolve()) == recorded


def _newest_unfinished(options: TrainOptions) -> Path:
    found = sorted(Path("runs").glob(f"*/{RESUME}"), key=lambda p: p.stat().st_mtime_ns)
    for path in reversed(found):
        record = read_draft(path.parent).record
        if options.model in (None, record.model):
            return path.parent
    what = f" of {options.model}" if options.model else ""
    raise UserError(
        f"There is no unfinished run{what} in {Path('runs').resolve()} to resume. Name its folder "
        "with --out, or train without --resume."
    )


def find_device(name: str | None, recipe: Recipe, world: World) -> torch.device:
    """Return the device of this name; without a name, CUDA if it is available, else the CPU.

    Raises:
        UserError: torch does not know the device or cannot use it, or the recipe's precision needs
            another one.
    """
    cuda = torch.cuda.is_available()
    try:
        device = torch.device(name or ("cuda" if cuda else "cpu"))
        if device.type == "cuda" and device.index is None:
            device = torch.device("cuda", world.local_rank)
        torch.ones(1, device=device).cpu()
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"--device {name or 'cuda'} cannot be used here ({reason}). "
            f"Usable: {'cpu, cuda' if cuda else 'cpu'}."
        ) from error
    if recipe.precision == "tf32" and device.type != "cuda":
        raise UserError(
            f"--precision tf32 needs an NVIDIA GPU, but the device is {device}. Use float32 or "
            "bf16, or --device cuda on a machine with a GPU."
        )
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device
