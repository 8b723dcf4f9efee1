"""Find the MATLAB toolbox: in the wheel, or in the source tree of an editable install."""

from __future__ import annotations

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
