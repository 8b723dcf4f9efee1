"""Recognise files that are not ONNX."""

from __future__ import annotations

HEAD = 512  # bytes that are looked at


def other_kind(content: bytes) -> str:
    """The kind of file that the first bytes show; '' if they show none.

    >>> other_kind(b"MATLAB 5.0 MAT-file, Platform: GLNXA64")
    'a MAT-file'
    """
    head = content[:HEAD]
    if not head:
        return "an empty file"
    if head.startswith((b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file")):
        return "a MAT-file"
    if head.startswith(b"\x89HDF"):
        return "an HDF5 file, such as Keras or MATLAB write"
    if head.startswith(b"PK\x03\x04"):
        return "a zip file, such as the .pt and .pt2 files of PyTorch"
    if all(byte in b"\t\r\n\f" or 32 <= byte < 127 for byte in head):
        return "text"
    return ""
