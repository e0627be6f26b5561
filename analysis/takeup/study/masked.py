"""A study with its arms drawn anew: the same data, tables and figures, and nothing in them that tells which arm did better.

The assignment is permuted within the trial's own design, by `design.draws`. What comes with an arm (receipt of the programme, the provider, the
log of contacts) goes along with it, from a unit that really was in that arm, so that every table fills as it will in the final report; answers
stay with the people who gave them.

The seed isn't the plan's. It is drawn from the operating system's entropy, once a study, and kept in a file beside the plan that only its owner
may read. No output, manifest or log holds it or a hash of it: with the data and the seed anybody could undo the mask. Whoever has the data has the
arms anyway: a mask keeps those from knowing who look at results only.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.assign import draws
from takeup.design.scheme import arms as labels_of
from takeup.errors import BuildError, DesignError, Fault
from takeup.intake.trial import Tables

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.intake.trial import TrialData
    from takeup.plan.model import Plan

BITS = 128
TRIES = 32
"""Draws looked at for one that isn't the real assignment."""

Ints = np.ndarray[Any, np.dtype[np.int64]]


def mask_file(plan_path: Path) -> Path:
    """Where a study's mask is kept: hidden beside the plan."""
    return plan_path.with_name(f".{plan_path.stem}.mask")


def mask_seed(plan_path: Path) -> int:
    """The seed of a study's mask, drawn when it is first asked for. BuildError where its file can't be read or written."""
    path = mask_file(plan_path)
    try:
        if not path.exists():
            _draw_once(path)
        seed = int(path.read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        remedy = "Make the plan's folder writable, or remove the file: a new mask is then drawn."
        raise BuildError(Fault("the study's mask can't be read or written", path.name, remedy=remedy)) from None
    return seed


def _draw_once(path: Path) -> None:
    """Write a new mask, whole from its first moment; where another build was faster its mask stays."""
    beside = path.with_name(f"{path.name}-{secrets.token_hex(4)}")
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w", encoding="ascii") as file:
            file.write(f"{secrets.randbits(BITS):032x}\n")
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink()


def masked(trial: TrialData, plan: Plan, seed: int) -> TrialData:
    """The trial with its assignment permuted within the design.

    Parameters
    ----------
    trial : TrialData
    plan : Plan
    seed : int
        Of the mask; the same seed gives the same permutation.

    Raises
    ------
    BuildError
        The design leaves one possible assignment, or knows no arms: nothing can be masked.
    """
    if trial.drawn is None:
        raise BuildError(Fault("a before-after study has no arms to mask", "evidence", remedy="Build it without --masked."))
    frame, design = trial.units, trial.drawn
    real, drawn = _assignments(frame, design, seed)
    donor = donors(real, drawn, _strata(frame, design), np.random.default_rng([seed, 1]))
    first = np.array([int(np.flatnonzero(real == code)[0]) for code in range(int(real.max()) + 1)])
    changed = {design.treatment: frame[design.treatment].iloc[first[drawn]].set_axis(frame.index)}
    for name in (design.received, design.nested_in):
        if name is not None:
            changed[name] = frame[name].iloc[donor].set_axis(frame.index)
    ledger = trial.ledger
    positions = ledger.arm[first][drawn]
    received = None if ledger.received is None else ledger.received[donor]
    return replace(trial, frame=frame.assign(**changed), ledger=replace(ledger, arm=positions, received=received), tables=_logs(trial, plan, donor))


def _assignments(frame: DataFrame, design: Design, seed: int) -> tuple[Ints, Ints]:
    """The real assignment and a permuted one, as codes of the same arms."""
    try:
        found = draws(frame, design, TRIES, seed).astype(np.int64)
        labels = labels_of(frame, design)
    except DesignError as error:
        raise BuildError(Fault(f"the arms can't be masked: {error}", "design")) from error
    real = np.full(len(frame), -1, dtype=np.int64)
    for code, label in enumerate(labels):
        real[(frame[design.treatment] == label).to_numpy(dtype=bool)] = code
    others = [row for row in found if not np.array_equal(row, real)]
    if not others:
        raise BuildError(Fault("the design leaves no other assignment, so the arms can't be masked", "design"))
    return real, others[0]


def _strata(frame: DataFrame, design: Design) -> Ints:
    """(n,) the block of each unit, all the same where there are none."""
    import pandas as pd

    return np.zeros(len(frame), dtype=np.int64) if design.blocks is None else pd.factorize(frame[design.blocks])[0].astype(np.int64)


def donors(real: Ints, drawn: Ints, strata: Ints, stream: np.random.Generator) -> Ints:
    """For each unit one that really was in the arm it is drawn to, of the same stratum where there is one, each used as evenly as can be.

    Parameters
    ----------
    real, drawn : (n,) codes of arms
    strata : (n,) codes

    Returns
    -------
    (n,) positions; where every stratum keeps its numbers by arm, a permutation
    """
    out = np.empty(real.size, dtype=np.int64)
    for stratum in np.unique(strata):
        for code in np.unique(drawn[strata == stratum]):
            wanted = np.flatnonzero((strata == stratum) & (drawn == code))
            had = np.flatnonzero((strata == stratum) & (real == code))
            pool = had if had.size else np.flatnonzero(real == code)
            out[wanted] = np.resize(stream.permutation(pool), wanted.size)
    return out


def _logs(trial: TrialData, plan: Plan, donor: Ints) -> Tables:
    """The tables, with the log of contacts of each unit taken from its donor."""
    import pandas as pd

    frames = {name: trial.tables[name] for name in trial.tables}
    name = None if plan.rights is None else plan.rights.contacts
    if name is None or name not in frames:
        return trial.tables
    unit = trial.columns.unit
    ids = trial.units[unit]
    pairs = pd.DataFrame({unit: ids.iloc[donor].to_numpy(), "masked unit": ids.to_numpy()})
    log = frames[name].merge(pairs, on=unit, how="inner")
    frames[name] = log.drop(columns=unit).rename(columns={"masked unit": unit})[list(frames[name].columns)]
    return Tables(frames)
