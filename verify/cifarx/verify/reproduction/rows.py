"""`cifarx reproduce`: train, export and verify published results, and compare with their claims.

Each row and seed is a run folder, OUT/runs/ROW-seedN (or ROW-limitL-epochsE-seedN), which holds
model.onnx, model.mat and report.json. Finished runs are not repeated; interrupted ones continue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cifarx.export.bundle import Formats, bundle_run, write_bundle
from cifarx.pytorch_models.errors import UserError, nearest
from cifarx.pytorch_models.files import write_text
from cifarx.pytorch_models.observer import Observer
from cifarx.pytorch_models.recipe import Recipe, rows
from cifarx.pytorch_models.run import RECORD, RESUME, Run, load_run
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import as_json
from cifarx.verify.reproduction.tables import Measured, as_markdown, published_images
from cifarx.verify.verify import verify

REPORT = "report.json"


@dataclass(frozen=True)
class ReproduceOptions:
    """The options of `cifarx reproduce`."""

    rows: tuple[str, ...] = ()
    """Rows such as 'S2c-15', or groups such as 'S2c'; () for all."""
    data: Mapping[str, str] | None = None
    """Place of a data set by its name; other data sets are opened by name."""
    limit: int | None = None
    epochs: int | None = None
    seeds: int = 1
    """Seeds 0 to n - 1."""
    weights: str | None = None
    device: str | None = None
    precision: str | None = None
    out: Path = Path("reproduction")


def chosen_rows(asked: Sequence[str]) -> list[str]:
    """Return the selected rows, in the order of the table.

    >>> chosen_rows(["S2a", "S0a"])
    ['S0a', 'S0a-mnist', 'S2a']

    Raises:
        UserError: a name is not a row or a group of rows.
    """
    known = rows()
    for name in asked:
        if not any(_is_in(row, name) for row in known):
            raise UserError(
                f"There is no row {name!r}. {nearest(name, known)}"
                f"Rows: {', '.join(known)}; or a group of rows, such as S2c."
            )
    return [row for row in known if not asked or any(_is_in(row, name) for name in asked)]


def _is_in(row: str, name: str) -> bool:
    """Return whether `name` is the row or a group of it: S2c fits S2c-15, but S2c-1 does not."""
    row, name = row.lower(), name.lower()
    rest = row[len(name) :]
    return bool(name) and row.startswith(name) and not rest[:1].isdigit()


def reproduce(
    options: ReproduceOptions, observer: Callable[[str], Observer], say: Callable[[str], None]
) -> dict[str, str]:
    """Train, export and verify the rows, and write the report after each.

    Args:
        options: see `ReproduceOptions`.
        observer: returns the observer for the training of a row.
        say: called with one line for each run that is done.

    Returns:
        For each row that could not be measured, the reason.

    Raises:
        UserError: a row is unknown, or the folder cannot be written.
    """
    failed: dict[str, str] = {}
    for row in chosen_rows(options.rows):
        for seed in range(options.seeds):
            try:
                run = _trained(row, seed, options, observer)
                verdict = _verified(run)
            except UserError as error:
                failed[row] = str(error)
                say(f"{row}: not measured. {error}")
                break
            accuracy = 100 * run.record.metrics["test_accuracy"]
            say(f"{row}, seed {seed}: {accuracy:.2f}% of the test images, {verdict}")
            write_report(options.out)
    write_report(options.out)
    return failed


def _trained(
    row: str, seed: int, options: ReproduceOptions, observer: Callable[[str], Observer]
) -> Run:
    from cifarx.pytorch_models.fit import fit
    from cifarx.pytorch_models.plan import TrainOptions, make_plan

    recipe_name, recipe = rows()[row]
    parts = [row]
    parts += [f"limit{options.limit}"] if options.limit else []
    parts += [f"epochs{options.epochs}"] if options.epochs else []
    parts += [options.precision] if options.precision else []
    folder = options.out / "runs" / "-".join([*parts, f"seed{seed}"])
    if (folder / RECORD).exists() and not (folder / RESUME).exists():
        return load_run(folder)
    if (folder / RESUME).exists():
        train = TrainOptions(device=options.device, out=folder, resume=True)
    else:
        given = {"epochs": options.epochs, "precision": options.precision}
        changes = {key: value for key, value in given.items() if value is not None}
        train = TrainOptions(
            model=recipe.network,
            data=(options.data or {}).get(recipe.dataset, recipe.dataset),
            recipe=recipe_name,
            changes=changes,
            limit=options.limit,
            seed=seed,
            weights=options.weights,
            device=options.device,
            out=folder,
        )
    plan = make_plan(train)
    run = fit(plan, observer(row))
    assert run is not None  # a single process
    return run


def _verified(run: Run) -> str:
    """Export and verify a run unless that is done, and return the verdict."""
    report = run.folder / REPORT
    if not report.exists():
        write_bundle(bundle_run(run), run.folder, "model", Formats(onnx=True, mat=True))
        result = verify(VerifyOptions(run.folder / "model.onnx", checkpoint=run.folder))
        if result.interrupted:
            raise KeyboardInterrupt
        write_text(report, json.dumps(as_json(result), indent=2, allow_nan=False) + "\n")
    return _verdict(report)


def _verdict(report: Path) -> str:
    content = json.loads(report.read_text("utf-8"))
    engines = ", ".join(content["compared"]) or "no engine"
    return f"{content['verdict'] or 'NOT VERIFIED'} ({engines})"


def write_report(out: Path) -> None:
    """Write OUT/reproduction.json and OUT/reproduction.md from the finished runs in OUT/runs."""
    measured = [entry for entry in map(_collected(out), rows()) if entry]
    text = json.dumps([entry.model_dump() for entry in measured], indent=1)
    write_text(out / "reproduction.json", text + "\n")
    write_text(out / "reproduction.md", as_markdown(measured))


def _collected(out: Path) -> Callable[[str], Measured | None]:
    """Return a function from a row to its figures, from its runs with the most training."""

    def collect(row: str) -> Measured | None:
        folders = sorted((out / "runs").glob(f"{row}-*seed*"))
        finished = [f for f in folders if (f / REPORT).exists() and _row_of(f) == row]
        runs = [load_run(folder) for folder in finished]
        if not runs:
            return None
        most = max(runs, key=_work)
        alike = [run for run in runs if _work(run) == _work(most)]
        return _measured(row, alike)

    return collect


def _row_of(folder: Path) -> str:
    longest_first = sorted(rows(), key=len, reverse=True)  # S0c-momentum before S0c
    return next((row for row in longest_first if folder.name.startswith(f"{row}-")), "")


def _work(run: Run) -> tuple[int, str]:
    record = run.record
    return record.data.train_images * record.recipe.epochs, record.recipe.precision


def _measured(row: str, runs: Sequence[Run]) -> Measured:
    recipe_name, recipe = rows()[row]
    record = runs[0].record
    verdicts = {_verdict(run.folder / REPORT) for run in runs}
    return Measured(
        row=row,
        network=record.model,
        recipe=recipe_name,
        claim=recipe.claim,
        accuracies=tuple(100 * run.record.metrics["test_accuracy"] for run in runs),
        dataset=recipe.dataset,
        data=record.data.name,
        train_images=record.data.train_images,
        of_train_images=_of_images(recipe),
        test_images=record.data.test_images,
        epochs=record.recipe.epochs,
        of_epochs=recipe.epochs,
        precision=record.recipe.precision,
        pretrained=record.pretrained,
        device=record.device,
        seconds=sum(run.record.metrics["seconds"] for run in runs) / len(runs),
        verdict="; ".join(sorted(verdicts)),
        versions=dict(record.versions),
        date=record.created[:10],
    )


def _of_images(recipe: Recipe) -> int:
    """Return the number of training images of the published data set after the recipe's split."""
    count = published_images(recipe.dataset)
    return count - round(count * recipe.validation) - round(count * recipe.test)
