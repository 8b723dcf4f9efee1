"""The one exception that means: the user can put this right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class UserError(Exception):
    """A mistake in what the user gave, as one paragraph: what is wrong, given, allowed, next.

    The command line prints the text without a traceback and exits with code 2.
    """


def nearest(given: str, allowed: Iterable[str]) -> str:
    """'Did you mean 'bn8'? ' for a near miss, else ''."""
    close = difflib.get_close_matches(given.lower(), list(allowed), n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}? " if close else ""


def plain(text: object) -> str:
    """What an exception says, in one line and without the codes that colour a terminal."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(text)).split())
