"""The command line: parse, call, print."""

from cifarx.cli.app import main as main
