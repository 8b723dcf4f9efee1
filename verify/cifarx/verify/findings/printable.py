"""Text that comes from files, made fit to be shown."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    r"""The text with every character that has no shape of its own written out, as in \x1b.

    Those are controls, which a terminal or XML would choke on, and marks that turn the direction of
    writing, by which a name could pass for another.

    Args:
        text: what a file says.
        keep: characters to leave as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text
    )
