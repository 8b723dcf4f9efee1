"""All commands. Each imports what it needs when it runs, so that --help does not import torch."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from cifarx.cli import verify_command as options
from cifarx.pytorch_models.errors import UserError

app = typer.Typer(
    name="cifarx",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line. A user's mistake prints one paragraph and exits with code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, TextIOWrapper
        ):  # characters that the console lacks must not stop a command
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except UserError as error:
        print(f"cifarx: {error}", file=sys.stderr)
        sys.exit(2)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"cifarx {version('cifarx')}")
        raise typer.Exit


@app.callback()
def _main_options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Take convolutional networks from PyTorch to MATLAB and prove that nothing changed."""


@app.command()
def train(
    *,
    model: Annotated[
        str | None,
        typer.Argument(
            help="Network to train; 'cifarx models' lists them. Optional with --resume and with "
            "--recipe RUN.JSON."
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Data set: cifar10, mnist, fashion-mnist, shapes, shapes-grey, a folder with one "
            "subfolder of images per class, a folder of IDX files, or Kaggle's CSV files (default: "
            "the recipe's)."
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Training recipe: 'strong', another shipped recipe, a TOML file, or the run.json "
            "of a run (default: the network's own)."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Number of epochs (default: the recipe's).")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Images per batch (default: the recipe's).")
    ] = None,
    accumulate: Annotated[
        int | None, typer.Option(help="Batches per optimizer step (default: the recipe's).")
    ] = None,
    optimizer: Annotated[
        str | None, typer.Option(help="adam or sgd (default: the recipe's).")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Initial learning rate (default: the recipe's).")
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(help="Learning rate schedule: constant or cosine (default: the recipe's)."),
    ] = None,
    momentum: Annotated[
        float | None, typer.Option(help="Momentum of SGD (default: the recipe's).")
    ] = None,
    weight_decay: Annotated[
        float | None, typer.Option(help="Weight decay, an L2 penalty (default: the recipe's).")
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="Arithmetic of the training: float32, tf32 (needs CUDA) or bf16 (default: the "
            "recipe's). The saved weights are float32 in every case."
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Train on N images, balanced over classes, and test on N/5."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, max=2**32 - 1, help="Seed for initial weights and data order (default 0)."
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Start from this state dict; 'none' for random weights (default: published "
            "weights if the network has any, else random)."
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, cuda:1, … (default: CUDA if available).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run (default: runs/MODEL-DATA).")
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Continue the run in --out, or else the newest unfinished."),
    ] = False,
) -> None:
    """Train a network with its recipe and save a run folder."""
    from cifarx.cli.progress import Silent, Training
    from cifarx.pytorch_models.fit import fit
    from cifarx.pytorch_models.plan import TrainOptions, make_plan

    changes = {
        "epochs": epochs,
        "batch_size": batch_size,
        "accumulate": accumulate,
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "schedule": schedule,
        "momentum": momentum,
        "weight_decay": weight_decay,
        "precision": precision,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    plan = make_plan(
        TrainOptions(
            model=model,
            data=data,
            recipe=recipe,
            changes=given,
            limit=limit,
            seed=seed,
            weights=weights,
            device=device,
            out=out,
            resume=resume,
        )
    )
    with Training(plan) if plan.world.rank == 0 else Silent() as progress:
        try:
            run = fit(plan, progress)
        except KeyboardInterrupt:
            print(f"cifarx: {progress.stopped()}", file=sys.stderr)
            raise typer.Exit(130) from None
    if run is not None:
        accuracy = 100 * run.record.metrics["test_accuracy"]
        print(f"{run.folder}: {accuracy:.2f}% of the test images")


@app.command()
def export(
    *,
    source: Annotated[
        str | None,
        typer.Argument(
            help="Run folder, .onnx file, or module as package.module:callable (default: the "
            "newest run)."
        ),
    ] = None,
    onnx: Annotated[bool, typer.Option("--onnx", help="Write NAME.onnx.")] = False,
    mat: Annotated[bool, typer.Option("--mat", help="Write NAME.mat.")] = False,
    pt2: Annotated[
        bool, typer.Option("--pt2", help="Write NAME.pt2, for importNetworkFromPyTorch in R2026a.")
    ] = False,
    torchscript: Annotated[
        bool,
        typer.Option(
            "--torchscript", help="Write NAME.pt, for importNetworkFromPyTorch before R2026a."
        ),
    ] = False,
    weights: Annotated[
        Path | None, typer.Option(help="State dict for a module: .safetensors, .pt or .pth.")
    ] = None,
    input_size: Annotated[
        list[str] | None,
        typer.Option(
            help="Input size of a module: CHANNELS,HEIGHT,WIDTH of images (3,224,224), "
            "CHANNELS,LENGTH of signals, or a number of features; once per input."
        ),
    ] = None,
    input_name: Annotated[
        list[str] | None,
        typer.Option(
            help="Argument of the module's forward that gets the input, once per --input-size "
            "(default: in order)."
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="classification, segmentation or regression (default: by classes and outputs)."
        ),
    ] = None,
    mean: Annotated[
        str | None,
        typer.Option(help="Mean per channel, for pixels from 0 to 1: 0.485,0.456,0.406."),
    ] = None,
    std: Annotated[
        str | None, typer.Option(help="Standard deviation per channel, in the units of --mean.")
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help="UTF-8 text file with one class name per line.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Inputs for the test batch of an .onnx file or a module: what 'train --data' "
            "takes, or an .npy or .npz file (default: noise)."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path(),
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the files (default: 'model' for a run, else the source's name)."
        ),
    ] = None,
    opset: Annotated[int, typer.Option(help="Opset of NAME.onnx; every importer reads 14.")] = 14,
) -> None:
    """Write files for MATLAB: NAME.onnx and NAME.mat unless formats are named."""
    from rich.filesize import decimal

    from cifarx.cli.numbers import numbers, one_of, size
    from cifarx.export.bundle import Formats, check_name, write_bundle
    from cifarx.export.model_contract import SourceOptions
    from cifarx.export.network.model_card import TASKS
    from cifarx.export.sources import matlab_calls, open_source, require_other_file

    check_name(name or "model", opset)
    formats = Formats(onnx, mat, pt2, torchscript)
    if not (onnx or mat or pt2 or torchscript):
        formats = Formats(onnx=True, mat=True)
    asked = SourceOptions(
        weights=weights,
        input_sizes=tuple(size("--input-size", text) for text in input_size or ()),
        input_names=tuple(input_name or ()),
        task=one_of("--task", task, TASKS),
        mean=numbers("--mean", mean),
        std=numbers("--std", std),
        data=data,
        classes=classes,
    )
    opened = open_source(source, asked, answers=formats.mat)
    name = name or opened.name
    require_other_file(opened, out, name, formats)
    tested = 0 if opened.bundle.batch is None else opened.bundle.batch.count
    print(f"{opened.origin}: {len(opened.bundle.graph.layers)} layers, {tested} test inputs")
    for note in opened.notes:
        print(f"note: {note}")
    for path in write_bundle(opened.bundle, out, name, formats, opset):
        print(f"wrote {path} ({decimal(path.stat().st_size)})")
    for line in matlab_calls(formats, name, opened.bundle.graph.inputs):
        print(line)


@app.command()
def verify(
    *,
    file: options.File = Path("model.onnx"),
    engines: options.Engines = None,
    checkpoint: options.Checkpoint = None,
    images: options.ImageCount = 256,
    layer_images: options.LayerImages = 32,
    accuracy: options.AccuracyImages = None,
    accept: options.Accept = None,
    report: options.ReportFolder = Path(),
    json_file: options.JsonFile = None,
    judge: options.Judge = None,
    atol: options.Atol = None,
    rtol: options.Rtol = None,
    data: options.Data = None,
    from_polygraphy: options.FromPolygraphy = None,
    to_polygraphy: options.ToPolygraphy = None,
    matlab_report: options.MatlabReport = None,
) -> None:
    """Check that PyTorch, ONNX Runtime, Octave and MATLAB compute the same network.

    Exit code: 0 equivalent, 1 not equivalent, 2 the check could not be made.
    """
    options.require_acceptable(accept)
    if matlab_report is not None:
        raise typer.Exit(options.row_of_report(matlab_report))
    if judge is not None:
        result = options.judge_again(judge, accept)
        options.show(result)
        raise typer.Exit(result.exit_code)
    from cifarx.cli.progress import status
    from cifarx.cli.verify_outputs import report_paths, require_paths, write_reports
    from cifarx.verify.interruption import undisturbed
    from cifarx.verify.options import VerifyOptions
    from cifarx.verify.verify import take_share, verify_with_outputs

    asked = VerifyOptions(
        file,
        None if engines is None else tuple(e.strip() for e in engines.split(",")),
        checkpoint,
        images,
        accept_predictions=accept is not None,
        layer_images=layer_images,
        accuracy_images=options.accuracy_images(accuracy),
        tolerance=options.tolerance(atol, rtol),
        from_polygraphy=from_polygraphy,
        data=data,
    )
    paths = report_paths(report, json_file, to_polygraphy)
    require_paths(paths, asked)
    if not options.first_process():
        take_share(asked)
        return
    with status() as progress:
        result, outputs = verify_with_outputs(asked, progress)
    with undisturbed():
        try:
            write_reports(paths, result, outputs)
        finally:  # also when they cannot be written
            options.show(result)
    raise typer.Exit(result.exit_code)


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="A .mat file from cifarx.save, or an .onnx file from exportONNXNetwork."
        ),
    ],
    into: Annotated[
        str | None, typer.Option(help="Name of the new run in runs/ (default: the file's name).")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="The run that the file came from, if cifarx does not find it."),
    ] = None,
) -> None:
    """Bring a network from MATLAB, Octave or an ONNX file into PyTorch, as a run.

    If the file came from a run of 'cifarx train' (its parent), everything but the weights is taken
    from that run. If the file differs in anything that a run cannot hold (layers, their options,
    classes, normalisation, NaN), cifarx lists the differences and writes nothing. A file without a
    parent becomes a run of its own: model.safetensors, and network.py with the module's source.
    Either can be exported and verified; the first is trained further like any other run.
    """
    from cifarx.cli.import_report import print_import, print_network
    from cifarx.cli.progress import status
    from cifarx.verify.from_matlab.import_file import import_file
    from cifarx.verify.from_matlab.make_run import Imported, ImportOptions

    with status() as progress:
        imported, reason = import_file(ImportOptions(file, into, run), progress)
    if isinstance(imported, Imported):
        print_import(imported)
    else:
        print_network(imported, reason)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="An ONNX file from any exporter.")],
    matlab: Annotated[
        str | None,
        typer.Option(
            help="Check for one release, such as R2024b (default: all from R2023b to R2026b)."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON; docs/import-check.md describes it.")
    ] = False,
) -> None:
    """Predict what MATLAB's ONNX importer makes of each node; MATLAB is not needed.

    Exit code: 0 clean, 1 not clean, 2 the file cannot be read.
    """
    from cifarx.cli.check_report import print_check
    from cifarx.export.matlab_importer.check import check_matlab_import_of_file

    report = check_matlab_import_of_file(file, matlab)
    if as_json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        print_check(report)
    raise typer.Exit(report.exit_code)


@app.command()
def models() -> None:
    """List the networks that cifarx can train."""
    from rich.console import Console

    from cifarx.cli.tables import zoo

    console = Console()
    if not console.is_terminal:
        console = Console(width=300)  # one line per network, for grep
    console.print(zoo(layers=console.width >= 180))


@app.command()
def reproduce(
    *,
    rows: Annotated[
        list[str] | None,
        typer.Argument(
            help="Rows of docs/reproduction.md, such as S2a or S2c-15, or a group such as S2c "
            "(default: all)."
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="Where a data set is: NAME=PLACE, such as cifar10=FOLDER; PLACE as for 'cifarx "
            "train --data'. May be repeated."
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Train on N images, balanced over classes, and test on N/5."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Number of epochs (default: each recipe's).")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs per row, with seeds 0, 1, …")] = 1,
    weights: Annotated[
        str | None,
        typer.Option(
            help="As for 'cifarx train'; meant for row S0e, which uses pretrained weights."
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, cuda:1, … (default: CUDA if available).")
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="float32, tf32 (needs CUDA) or bf16 (default: each recipe's)."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the runs and the report.")] = Path(
        "reproduction"
    ),
) -> None:
    """Train, export and verify published results; a second call continues where it stopped."""
    from cifarx.cli.progress import run_rows
    from cifarx.verify.reproduction.rows import ReproduceOptions

    places = dict(_name_and_place(entry) for entry in data or ())
    options = ReproduceOptions(
        rows=tuple(rows or ()),
        data=places,
        limit=limit,
        epochs=epochs,
        seeds=seeds,
        weights=weights,
        device=device,
        precision=precision,
        out=out,
    )
    failed = run_rows(options)
    print(f"wrote {out / 'reproduction.md'} and {out / 'reproduction.json'}")
    raise typer.Exit(1 if failed else 0)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="A new folder to work in.")] = Path("demo"),
) -> None:
    """Train bn8 on embedded images, export it and verify it, in a few minutes."""
    from cifarx.cli.demo import run_demo

    raise typer.Exit(run_demo(out))


@app.command()
def matlab_path(
    copy: Annotated[
        Path | None,
        typer.Option(help="Copy the toolbox to this new folder and print its path instead."),
    ] = None,
) -> None:
    """Print the folder that MATLAB or Octave needs on its path (addpath)."""
    from cifarx.verify.engines.toolbox_path import copy_toolbox, toolbox_path

    print(toolbox_path() if copy is None else copy_toolbox(copy))


def _name_and_place(entry: str) -> tuple[str, str]:
    name, _, place = entry.partition("=")
    if not name or not place:
        raise UserError(
            f"--data {entry!r} is not of the form NAME=PLACE. Give one place per data set, as in "
            "--data cifar10=FOLDER --data mnist=FOLDER --data fashion-mnist=FOLDER."
        )
    return name, place
