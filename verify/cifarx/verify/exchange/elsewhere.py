"""What other programs computed, and what they are given: MATLAB elsewhere, Polygraphy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cifarx.pytorch_models.errors import EngineError, EngineMissingError
from cifarx.verify.engines.choose import unusable
from cifarx.verify.exchange.matlab_result import MatlabResult, read_result, result_path
from cifarx.verify.findings.contract import Contract
from cifarx.verify.findings.engine import MATLAB_RESULT, EngineReport
from cifarx.verify.subject.files_and_run import Subject


def matlab_result(
    subject: Subject, asked: Sequence[str] | None
) -> MatlabResult | EngineReport | None:
    """What `cifarx.verify` found on another machine, or why that cannot be used.

    Without --engines it is taken where it lies; with it, where it is named.
    """
    wanted = result_path(subject).exists() if asked is None else MATLAB_RESULT in asked
    if not wanted:
        return None
    try:
        return read_result(subject)
    except EngineMissingError as error:
        if asked is not None:
            raise unusable(MATLAB_RESULT, error) from error
        return EngineReport(MATLAB_RESULT, MATLAB_RESULT, None, str(error))
    except EngineError as error:
        return EngineReport(MATLAB_RESULT, MATLAB_RESULT, None, str(error), broke_down=True)


def joined(contract: Contract, result: MatlabResult) -> Contract:
    """The contract with what the result says of how images are normalised there."""
    if result.normalized_alike:
        return contract
    fault = (
        f"{result.runtime} in {result.path.name} normalises the images to other numbers than python"
    )
    return replace(contract, faults=(*contract.faults, fault), meaning_changed=True)
