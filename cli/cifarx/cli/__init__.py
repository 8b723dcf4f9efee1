"""The command line: parse options, call the stages, print results."""

from cifarx.cli.app import main as main
