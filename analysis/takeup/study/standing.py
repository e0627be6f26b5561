"""How a study stands to what it promised: its lock, what changed since, whether the lock came before the answers, when the arms were first shown."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from takeup.errors import BuildError, Fault, PlanError
from takeup.plan.deviations import FILE, NOTHING, Standing, Unmasking, differences, explained, pre_specified, read_reasons
from takeup.plan.lock import as_bytes, lock_file, locked, now, read_lock, signatures
from takeup.plan.read import read
from takeup.results import ResultSet

if TYPE_CHECKING:
    from pathlib import Path

    from takeup.intake.trial import TrialData
    from takeup.plan.lock import Lock
    from takeup.plan.model import Plan
    from takeup.report.marks import Kind

LOG = "unmasking.log"


def plan_files(plan: Plan, folder: Path) -> dict[str, bytes]:
    """The contents of the schemas, crosswalks and catalogue that a plan rests on, by the name that it gives them."""
    names = {name for table in plan.data.values() for name in (table.schema_, table.crosswalk) if name}
    names |= {plan.rights.catalogue} if plan.rights is not None else set()
    return {name: (folder / name).read_bytes() for name in sorted(names)}


def standing(plan: Plan, plan_path: Path, trial: TrialData | None) -> Standing:
    """Read what lies beside a plan.

    Parameters
    ----------
    trial : TrialData, optional
        For the dates of the first endline measurement; without it the timing stays unknown.

    Raises
    ------
    PlanError
        A lock or a file of reasons that can't be used; reasons without a lock, or for a change that isn't there.
    """
    lock, reasons = read_lock(lock_file(plan_path)), read_reasons(plan_path.with_name(FILE))
    shown = unmaskings(plan_path)
    if lock is None:
        if reasons:
            raise PlanError(Fault("gives reasons, but no plan was locked to deviate from", FILE, remedy="Lock the plan, or take the file away."))
        return Standing(unmasked=shown) if shown else NOTHING
    here = {name: sha256(content).hexdigest() for name, content in plan_files(plan, plan_path.parent).items()}
    found = explained(differences(lock.as_plan(), plan, lock.files, here), reasons)
    return Standing(lock=lock, deviations=found, timing="unknown" if trial is None else timing(lock, plan, trial), unmasked=shown,
                    signatures=signatures(plan_path, lock))


def lock_plan(plan_path: Path, *, signature: str = "", again: bool = False) -> Lock:
    """Lock a plan as it stands: write the file beside it.

    Parameters
    ----------
    signature : name of a file beside the plan
    again : take the place of an earlier lock, which stays on record in the new one

    Raises
    ------
    PlanError
        The plan or a schema can't be read; there is a lock already; the signature isn't there.
    BuildError
        The file can't be written.
    """
    plan, target = read(plan_path), lock_file(plan_path)
    before = read_lock(target)
    if before is not None and not again:
        what = f"the plan was locked already, at {before.time}"
        raise PlanError(Fault(what, target.name, remedy="Run `takeup lock --again` to lock it anew; the first lock stays on record."))
    if signature and not plan_path.with_name(signature).is_file():
        raise PlanError(Fault("there is no such file beside the plan", signature))
    try:
        files = plan_files(plan, plan_path.parent)
    except OSError:
        raise PlanError(Fault("a schema, crosswalk or catalogue that it names isn't there", plan_path.name, remedy="Run `takeup check`.")) from None
    made = locked(plan, files, time=now(), signature=signature, before=before)
    beside = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    try:
        beside.write_bytes(as_bytes(made))
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise BuildError(Fault("can't be written", target.name, remedy="Make the plan's folder writable.")) from None
    return made


def timing(lock: Lock, plan: Plan, trial: TrialData) -> Literal["before", "after", "unknown"]:
    """Whether a plan was locked before the first measurement after the draw; no date leaves this function."""
    import pandas as pd

    days = []
    for name, table in plan.data.items():
        if table.measured_on is None or not trial.columns.after_the_draw(name):
            continue
        values = pd.to_datetime(trial.tables[name][table.measured_on.rpartition(".")[2]]).dropna()
        days += [values.min().date().isoformat()] if len(values) else []
    if not days:
        return "unknown"
    return "before" if lock.time[:10] < min(days) else "after"


def labelled(results: ResultSet, plan: Plan, found: Standing) -> ResultSet:
    """The results, each with whether it was promised beforehand."""
    out = []
    for result in results:
        said = result.provenance
        planned = pre_specified(plan, said.plan_path, said.id, found)
        out.append(result.replace(provenance=replace(said, pre_specified=planned)))
    return ResultSet(tuple(out))


def unmaskings(plan_path: Path) -> tuple[Unmasking, ...]:
    """The log of unmasking, oldest first; PlanError where a line in it can't be read."""
    path = plan_path.with_name(LOG)
    if not path.is_file():
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple(Unmasking(**json.loads(line)) for line in lines if line.strip())
    except (OSError, ValueError, TypeError):
        raise PlanError(Fault("isn't the log that takeup wrote", LOG, remedy="Put it back from your records.")) from None


def shown(plan_path: Path, kind: Kind, plan_hash: str, found: Standing) -> Standing:
    """The standing of a study whose results are about to be seen: where it was masked before and isn't now, that is logged first."""
    from takeup.study.masked import mask_file

    if kind not in {"final", "secure"} or not mask_file(plan_path).exists():
        return found
    note_unmasking(plan_path, plan_hash)
    return replace(found, unmasked=unmaskings(plan_path))


def note_unmasking(plan_path: Path, plan_hash: str) -> bool:
    """Log that the arms of a masked study are about to be shown, once for each plan; whether a line was added. BuildError where it can't be."""
    if any(item.plan_hash == plan_hash for item in unmaskings(plan_path)):
        return False
    line = json.dumps(asdict(Unmasking(time=now(), plan_hash=plan_hash)))
    try:
        with plan_path.with_name(LOG).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError:
        raise BuildError(Fault("can't be written, and no arms are shown without it", LOG, remedy="Make the plan's folder writable.")) from None
    return True
