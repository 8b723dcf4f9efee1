"""Make a run's folder and write its history."""

from __future__ import annotations

import csv
import io
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import write_bytes
from cifarx.pytorch_models.run import RECORD, RESUME

if TYPE_CHECKING:
    from cifarx.pytorch_models.train import Epoch


def refuse_run(folder: Path) -> None:
    """Raise `UserError` if the folder holds a run, finished or not."""
    if any((folder / name).exists() for name in (RECORD, RESUME)):
        raise UserError(
            f"--out {folder} already holds a run, and cifarx does not overwrite runs. Continue it "
            "with --resume if it is unfinished, give another --out, or remove that folder."
        )


def new_folder(
    path: Path, files: Mapping[str, bytes], *, numbered: bool, option: str = "--out"
) -> Path:
    """Make a run's folder with these files in it, in one step.

    Args:
        path: the folder.
        files: content by name, such as that of resume.safetensors.
        numbered: if the folder exists, use path-2, path-3 and so on; otherwise use an existing
            folder that holds no run.
        option: the option to name in errors, by which the user can give another folder.

    Returns:
        The folder.

    Raises:
        UserError: the folder cannot be made.

    >>> [new_folder(Path("a"), {"x": b"1"}, numbered=True).as_posix() for _ in range(2)]
    ['a', 'a-2']
    """
    folder, n = path, 1
    while True:
        draft = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.partial"
        try:
            if not numbered and folder.is_dir():  # the user's own, with no run in it
                refuse_run(folder)  # another training may have started since the plan was made
                _write(folder, files)
                return folder
            draft.mkdir(parents=True)
            _write(draft, files)
            if numbered and folder.exists():
                raise FileExistsError(folder)
            draft.rename(folder)
            return folder
        except OSError as error:
            if not (numbered and folder.exists()):
                what = "is a file" if folder.is_file() else f"cannot be made: {error.strerror}"
                raise UserError(
                    f"The run's folder {folder} {what}. Give another with {option}."
                ) from error
            n += 1
            folder = path.with_name(f"{path.name}-{n}")
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        write_bytes(folder / name, content)


def history_csv(history: Sequence[Epoch], held_out: str) -> str:
    """Return the text of history.csv; `held_out`, such as 'test', names the held-out columns."""
    table = io.StringIO()
    names = [field.name.replace("held_out", held_out) for field in fields(history[0])]
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(asdict(epoch).values() for epoch in history)
    return table.getvalue()
