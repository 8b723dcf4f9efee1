"""`cifarx import`: a run of the network of a file's parent, or of a network of its own."""

from __future__ import annotations

from collections.abc import Callable

from cifarx.pytorch_models.errors import NoParentError
from cifarx.verify.from_matlab.file import read_tuned
from cifarx.verify.from_matlab.make_network import ImportedNetwork, import_network
from cifarx.verify.from_matlab.make_run import Imported, ImportOptions, folder_of, import_run


def import_file(
    options: ImportOptions, progress: Callable[[str], None] = lambda _: None
) -> tuple[Imported | ImportedNetwork, str]:
    """Make a run of a file, in its parent's network if there is one.

    Args:
        options: see `ImportOptions`.
        progress: called with the current stage.

    Returns:
        The new run; and why the file has no parent, '' if it has one.

    Raises:
        UserError: as `import_run` and `import_network`.
    """
    folder_of(options)  # before a large file is read
    tuned = read_tuned(options.file, progress)
    try:
        return import_run(options, progress, tuned), ""
    except NoParentError as error:
        if options.run is not None:
            raise
        reason = str(error)
    return import_network(options, progress, tuned), reason
