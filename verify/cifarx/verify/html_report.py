"""tmp"""

from cifarx.verify.result import Result


def as_html(result: Result) -> str:
    """Tmp cifarx."""
    return "cifarx"
