"""`python -m cifarx.cli`."""

from cifarx.cli import main

main()
