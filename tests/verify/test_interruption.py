"""Signals become KeyboardInterrupt, or wait, and are what they were afterwards."""

from __future__ import annotations

import signal
import threading

import pytest

from cifarx.verify.interruption import stopped_by, undisturbed


def test_a_signal_stops_as_ctrl_c_does_and_only_inside() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), stopped_by(signal.SIGTERM):
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_nothing_disturbs_what_is_written() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    reached = []
    with undisturbed():
        for number in before:
            signal.raise_signal(number)
            reached.append(number)
    assert reached == list(before)
    assert {number: signal.getsignal(number) for number in before} == before


def test_handlers_are_restored_after_an_error() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="inside"), undisturbed():
        raise ValueError("inside")
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_leave_the_handlers_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def work() -> None:
        with stopped_by(signal.SIGTERM), undisturbed():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
