"""Print the result of `cifarx import`."""

from __future__ import annotations

from cifarx.verify.from_matlab.make_network import ImportedNetwork
from cifarx.verify.from_matlab.make_run import Imported


def print_import(imported: Imported) -> None:
    """Print the notes, the check of the outputs, and the new run with its accuracy."""
    record = imported.run.record
    assert record.imported is not None
    for note in imported.notes:
        print(f"note: {note}")
    if imported.check is not None:
        print(imported.check.line())
    changed, whole = len(record.imported.changed), len(imported.run.state())
    accuracy = ""
    if "test_accuracy" in record.metrics:
        was = imported.parent.record.metrics.get("test_accuracy")
        before = "" if was is None else f", {imported.parent.folder.name} {100 * was:.2f}%"
        accuracy = f"; {100 * record.metrics['test_accuracy']:.2f}% of the test images{before}"
    print(
        f"{imported.run.folder}: {changed} of {whole} tensors differ from "
        f"{imported.parent.folder.name}'s{accuracy}"
    )


def print_network(imported: ImportedNetwork, reason: str) -> None:
    """Print the notes, the checks of the outputs, and the new run of a file without a parent."""
    print(f"note: imported as a network of its own. {reason}")
    for note in imported.notes:
        print(f"note: {note}")
    print(imported.check.line())
    folder, layers = imported.run.folder, len(imported.run.plan.layers)
    print(f"{folder}: {layers} layers, {imported.run.record.task}; source in {folder}/network.py")
