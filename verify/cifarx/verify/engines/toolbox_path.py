"""Find the MATLAB toolbox: in the wheel, or in the source tree of an editable install."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from cifarx.pytorch_models.errors import UserError


def toolbox_path() -> Path:
    """Return the folder to add to the path of MATLAB or Octave.

    Raises:
        UserError: the installation lacks the toolbox.
    """
    here = Path(__file__).resolve()
    installed = here.parents[2] / "toolbox"  # <site-packages>/cifarx/toolbox
    source = (
        here.parents[4] / "matlab" / "toolbox"
    )  # <checkout>/verify/cifarx/verify/engines/toolbox_path.py
    for folder in (installed, source):
        if (folder / "+cifarx" / "load.m").is_file():
            return folder
    raise UserError(
        f"The MATLAB toolbox is missing from this installation (looked in {installed} and "
        f"{source}). Install cifarx again."
    )


def copy_toolbox(folder: Path) -> Path:
    """Copy the toolbox to a new folder, so that it can be taken to a machine without Python.

    The copy is written under another name and renamed, so that the folder is complete or absent.

    Returns:
        The absolute path of `folder`, for `addpath`.

    Raises:
        UserError: `folder` exists already, or cannot be written.
    """
    source, folder = toolbox_path(), folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(
            f"{folder} exists already, and the toolbox is copied to a new folder only. "
            "Give another name, or remove it first."
        )
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, temporary)
        if folder.exists():
            folder.rmdir()  # empty; Windows does not rename over it
        temporary.rename(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise UserError(
            f"Cannot copy the toolbox to {folder}: {error.strerror or error}. "
            "Give another folder, or make room or permission for this one."
        ) from error
    return folder
