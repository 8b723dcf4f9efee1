"""Make text from files safe to print."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    r"""Return the text with every unprintable character escaped, as in \x1b.

    These are control characters, which break terminals and XML, and marks that change the writing
    direction, with which one name can look like another.

    Args:
        text: text from a file.
        keep: characters to leave as they are.

    >>> printable("conv\x1b[31m")
    'conv\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text
    )
