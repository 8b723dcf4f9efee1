"""All commands. Each imports what it needs when it runs; --help must cost no import of torch."""

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
    """Run the command line; a user's mistake ends in one paragraph and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a console of few characters must not end a command
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
            "--version", callback=_print_version, is_eager=True, help="Show it, and stop."
        ),
    ] = False,
) -> None:
    """Take convolutional networks from PyTorch to MATLAB, and prove that nothing changed."""


@app.command()
def train(
    model: Annotated[
        str | None, typer.Argument(help="A network of the zoo; 'cifarx models' lists them.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="cifar10, mnist, fashion-mnist, shapes, shapes-grey, a folder with one folder of "
            "images a class, a folder of IDX files, or Kaggle's CSV."
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="'strong', another shipped one, a TOML file, or a run's run.json."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    accumulate: Annotated[int | None, typer.Option(help="Batches a step.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="adam or sgd.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="At the start.")] = None,
    schedule: Annotated[str | None, typer.Option(help="constant or cosine.")] = None,
    momentum: Annotated[float | None, typer.Option(help="Of SGD.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="L2 penalty.")] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32, tf32 (CUDA) or bf16, for the training alone.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Use N training images, evenly by class, and N/5 for testing."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**32 - 1, help="Of the weights and of the order; else 0."),
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="State dict to start from; 'none' for random weights.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1 …")] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder, not runs/MODEL-DATA.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the newest unfinished run, or that of --out.")
    ] = False,
) -> None:
    """Train a network by its recipe; leaves a run folder."""
    from cifarx.cli.progress import Silent, Training
    from cifarx.pytorch_models.fit import fit
    from cifarx.pytorch_models.plan import Options, make_plan

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
    plan = make_plan(Options(model, data, recipe, given, limit, seed, weights, device, out, resume))
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
    source: Annotated[
        str | None,
        typer.Argument(
            help="A run's folder, an .onnx file, or a module as package.module:callable; "
            "the newest run when left out."
        ),
    ] = None,
    onnx: Annotated[bool, typer.Option("--onnx", help="Write NAME.onnx.")] = False,
    mat: Annotated[bool, typer.Option("--mat", help="Write NAME.mat.")] = False,
    pt2: Annotated[
        bool, typer.Option("--pt2", help="Write NAME.pt2, for importNetworkFromPyTorch of R2026a.")
    ] = False,
    torchscript: Annotated[
        bool, typer.Option("--torchscript", help="Write NAME.pt, for the same of older releases.")
    ] = False,
    weights: Annotated[
        Path | None, typer.Option(help="State dict for a module: .safetensors, .pt or .pth.")
    ] = None,
    input_size: Annotated[
        str | None, typer.Option(help="CHANNELS,HEIGHT,WIDTH of a module's images: 3,224,224.")
    ] = None,
    mean: Annotated[
        str | None,
        typer.Option(help="By channel, in units of pixels 0..1: 0.485,0.456,0.406."),
    ] = None,
    std: Annotated[
        str | None, typer.Option(help="The standard deviation, in the same units.")
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help="UTF-8 text file with the name of a class a line.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path(),
    name: Annotated[
        str | None, typer.Option(help="Of the files; 'model' for a run, else the source's.")
    ] = None,
    opset: Annotated[int, typer.Option(help="Of NAME.onnx; 14 suits every importer.")] = 14,
) -> None:
    """Write what MATLAB takes: NAME.onnx and NAME.mat when no format is named."""
    from rich.filesize import decimal

    from cifarx.cli.numbers import numbers, size
    from cifarx.export.bundle import Formats, check_name, write_bundle
    from cifarx.export.sources import Options, import_calls, open_source, require_other_file

    check_name(name or "model", opset)
    formats = Formats(onnx, mat, pt2, torchscript)
    if not (onnx or mat or pt2 or torchscript):
        formats = Formats(onnx=True, mat=True)
    options = Options(
        weights,
        None if input_size is None else size("--input-size", input_size),
        tuple(255 * value for value in numbers("--mean", mean)),
        tuple(255 * value for value in numbers("--std", std)),
        classes,
    )
    found = open_source(source, options, answers=formats.mat)
    name = name or found.name
    require_other_file(found, out, name, formats)
    images = 0 if found.bundle.batch is None else len(found.bundle.batch.inputs)
    print(f"{found.origin}: {len(found.bundle.graph.layers)} layers, {images} test images")
    for note in found.notes:
        print(f"note: {note}")
    for path in write_bundle(found.bundle, out, name, formats, opset):
        print(f"wrote {path} ({decimal(path.stat().st_size)})")
    for line in import_calls(formats, name, found.bundle.graph.input_size):
        print(line)


@app.command()
def verify(
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
    from_polygraphy: options.FromPolygraphy = None,
    to_polygraphy: options.ToPolygraphy = None,
    matlab_report: options.MatlabReport = None,
) -> None:
    """Compare PyTorch, ONNX Runtime, Octave and MATLAB; exit 0 equivalent, 1 not, 2 not checked."""
    options.require_acceptable(accept)
    if matlab_report is not None:
        raise typer.Exit(options.row_of_report(matlab_report))
    if judge is not None:
        result = options.judge_again(judge, accept)
        options.show(result)
        raise typer.Exit(result.exit_code)
    from cifarx.cli.progress import status
    from cifarx.cli.verify_outputs import Outputs
    from cifarx.verify.exchange.for_polygraphy import ForPolygraphy
    from cifarx.verify.interruption import undisturbed
    from cifarx.verify.options import Options
    from cifarx.verify.verify import take_share
    from cifarx.verify.verify import verify as run_verify

    asked = Options(
        file,
        None if engines is None else tuple(e.strip() for e in engines.split(",")),
        checkpoint,
        images,
        accept is not None,
        layer_images,
        options.accuracy_images(accuracy),
        options.tolerance(atol, rtol),
        from_polygraphy,
        None if to_polygraphy is None else ForPolygraphy(to_polygraphy),
    )
    outputs = Outputs.of(report, json_file, asked)
    if not options.first_process():
        take_share(asked)
        return
    with status() as progress:
        result = run_verify(asked, progress)
    with undisturbed():
        try:
            outputs.write(result)
        finally:  # where they cannot be written, too
            options.show(result)
    raise typer.Exit(result.exit_code)


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(help="tuned.mat of cifarx.save, or tuned.onnx of exportONNXNetwork."),
    ],
    into: Annotated[
        str | None, typer.Option(help="Name of the new run in runs/; else the file's.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="The run it came from, when it is not found by itself.")
    ] = None,
) -> None:
    """Make a run of weights tuned in MATLAB or Octave; all but the weights is its parent's.

    The new run exports, verifies and trains on like any other. What a run cannot hold - other
    layers, options, classes or normalisation, NaN - is refused in one list, and nothing is written.
    """
    from cifarx.cli.import_report import print_import
    from cifarx.cli.progress import status
    from cifarx.verify.from_matlab.make_run import Options, import_run

    with status() as progress:
        imported = import_run(Options(file, into, run), progress)
    print_import(imported)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="An ONNX file, of whatever origin.")],
    matlab: Annotated[
        str | None,
        typer.Option(help="A release, such as R2024b; else what holds in R2023b to R2026b."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON; docs/import-check.md describes it.")
    ] = False,
) -> None:
    """Tell what MATLAB's ONNX importer makes of each node; exit 0 clean, 1 not, 2 not readable."""
    from cifarx.cli.check_report import print_check
    from cifarx.export.matlab_importer.check import check_import_file

    report = check_import_file(file, matlab)
    if as_json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        print_check(report)
    raise typer.Exit(report.exit_code)


@app.command()
def models() -> None:
    """List the networks of the zoo."""
    from rich.console import Console

    from cifarx.cli.tables import zoo

    console = Console()
    if not console.is_terminal:
        console = Console(width=300)  # a line a network, for grep
    console.print(zoo(layers=console.width >= 180))


@app.command()
def reproduce(
    rows: Annotated[
        list[str] | None,
        typer.Argument(help="Rows of the write-ups, such as S2a or S2c-15, or a group: S2c."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="NAME=WHERE, as in cifar10=FOLDER; what train's --data takes. Repeat."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="As train's.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipes'.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs a row, with seeds 0, 1, …")] = 1,
    weights: Annotated[str | None, typer.Option(help="As train's, for S0e.")] = None,
    device: Annotated[str | None, typer.Option(help="As train's.")] = None,
    precision: Annotated[str | None, typer.Option(help="As train's.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the runs and the report.")] = Path(
        "reproduction"
    ),
) -> None:
    """Train, export and verify the write-ups' rows, or all; goes on where it stopped."""
    from cifarx.cli.progress import run_rows
    from cifarx.verify.reproduction.rows import Options

    places = dict(_name_and_place(entry) for entry in data or ())
    options = Options(
        tuple(rows or ()), places, limit, epochs, seeds, weights, device, precision, out
    )
    failed = run_rows(options)
    print(f"wrote {out / 'reproduction.md'} and {out / 'reproduction.json'}")
    raise typer.Exit(1 if failed else 0)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder to work in; a new one.")] = Path("demo"),
) -> None:
    """Train bn8 on embedded images, export, verify: the whole line in some minutes."""
    from cifarx.cli.demo import run_demo

    raise typer.Exit(run_demo(out))


@app.command()
def matlab_path(
    copy: Annotated[
        Path | None,
        typer.Option(help="Copy the toolbox to this new folder and print its path instead."),
    ] = None,
) -> None:
    """Print the folder to `addpath` in MATLAB or Octave."""
    from cifarx.verify.engines.toolbox_path import copy_toolbox, toolbox_path

    print(toolbox_path() if copy is None else copy_toolbox(copy))


def _name_and_place(entry: str) -> tuple[str, str]:
    name, _, place = entry.partition("=")
    if not name or not place:
        raise UserError(
            f"--data {entry!r} is not NAME=WHERE. Say which data set is where, as in "
            "--data cifar10=FOLDER --data mnist=FOLDER --data fashion-mnist=FOLDER."
        )
    return name, place
