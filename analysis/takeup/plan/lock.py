"""A plan locked before its answers are known: what it said, the files it rested on, when, and by which version.

The time in a lock is a fact about the study, written once when the plan is locked; a build only ever reads it. Nobody else vouches for that
time: where it matters, register the lock's hash or have it signed, and name the signature.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, PlanError
from takeup.plan.freeze import canonical, plan_hash
from takeup.plan.model import Plan
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM = 1
MOST_BYTES = 4_000_000
SIGNED = (".asc", ".sig", ".minisig", ".tsr", ".ots")
"""Endings of a lock's signatures and time stamps: OpenPGP, minisign, RFC 3161, OpenTimestamps."""
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A lock that this one took the place of."""

    plan_hash: str
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A locked plan.

    Attributes
    ----------
    plan : FrozenMap
        The plan as it was, defaults left out (`freeze.canonical`).
    plan_hash : str
        `freeze.plan_hash` of the plan with its schemas, crosswalks and catalogue.
    files : FrozenMap
        SHA-256 of each of these files, by the name that the plan gives them.
    version : str
        Of takeup: its defaults are part of what was promised.
    time : str
        UTC, to the second.
    signature : str
        Name of a file beside the plan with a signature or time stamp of the hash, by whatever means; it isn't read here.
    earlier : tuple of Earlier
        The locks before, oldest first.
    """

    plan: FrozenMap
    plan_hash: str
    files: FrozenMap
    version: str
    time: str
    signature: str = ""
    earlier: tuple[Earlier, ...] = ()

    def as_plan(self) -> Plan:
        """The plan as it was; PlanError where this version of takeup doesn't know its form any more."""
        try:
            return Plan.model_validate(dict(self.plan))
        except ValueError:
            remedy = f"Install takeup {self.version}, which made the lock, or lock the plan again."
            raise PlanError(Fault("holds a plan of a form that this version doesn't read", "plan.lock", remedy=remedy)) from None


def lock_file(plan_path: Path) -> Path:
    """Where the lock of a plan lies: beside it, `plan.lock` for `plan.yaml`."""
    return plan_path.with_suffix(".lock")


def signatures(plan_path: Path, lock: Lock) -> tuple[str, ...]:
    """The files beside a plan that vouch for its lock: the one that the lock names, and those made of the lock's own file afterwards.

    They aren't read here: whoever has the signer's key checks them, ``gpg --verify plan.lock.asc plan.lock``.
    """
    file = lock_file(plan_path)
    names = (lock.signature, *(f"{file.name}{ending}" for ending in SIGNED))
    return tuple(dict.fromkeys(name for name in names if name and plan_path.with_name(name).is_file()))


def now() -> str:
    """The time in UTC as a lock writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def locked(plan: Plan, files: Mapping[str, bytes], *, time: str, signature: str = "", before: Lock | None = None) -> Lock:
    """Lock a plan.

    Parameters
    ----------
    plan : Plan
    files : contents of schemas, crosswalks and catalogue, by the name that the plan gives them
    time : as `now` gives it
    signature : name of a file beside the plan
    before : the lock that this one takes the place of, which stays on record

    Raises
    ------
    PlanError
        A time that isn't UTC to the second; a signature that isn't a bare file name.

    Examples
    --------
    >>> from takeup.plan.lock import as_bytes, locked, read_lock_text
    >>> from takeup.plan.model import Plan
    >>> plan = Plan.model_validate({
    ...     "takeup": 1, "study": "small", "title": "Small", "evidence": "randomized",
    ...     "data": {"units": {"file": "units.csv", "schema": "units.yaml"}},
    ...     "design": {"unit": "id", "treatment": "arm", "control": "control"},
    ...     "outcomes": [{"id": "income", "column": "income"}], "analyses": {"seed": 1}})
    >>> lock = locked(plan, {"units.yaml": b"fields: []"}, time="2019-01-07T09:30:00Z")
    >>> read_lock_text(as_bytes(lock)) == lock and lock.as_plan() == plan
    True
    """
    if not TIME.fullmatch(time):
        raise PlanError(Fault("the time of a lock is UTC to the second", "time", "2019-01-07T09:30:00Z"))
    if signature and Path(signature).name != signature:
        raise PlanError(Fault("a signature lies beside the plan", "signature", "the bare name of a file"))
    past = () if before is None else (*before.earlier, Earlier(plan_hash=before.plan_hash, time=before.time))
    hashes = FrozenMap({name: sha256(files[name]).hexdigest() for name in sorted(files)})
    return Lock(plan=FrozenMap(json.loads(canonical(plan))), plan_hash=plan_hash(plan, files), files=hashes, version=__version__, time=time,
                signature=signature, earlier=past)


def as_bytes(lock: Lock) -> bytes:
    """The lock's file: JSON, with a hash of all the rest so that a change by hand shows."""
    said = _plain(lock)
    return (json.dumps({**said, "hash": _seal(said)}, indent=2, ensure_ascii=False) + "\n").encode()


def read_lock(path: Path) -> Lock | None:
    """The lock in a file; None where there is no such file. PlanError where it can't be used."""
    if not path.is_file():
        return None
    if path.stat().st_size > MOST_BYTES:
        raise PlanError(Fault("is too large for a lock", path.name, f"at most {MOST_BYTES // 1_000_000} MB"))
    return read_lock_text(path.read_bytes(), path.name)


def read_lock_text(content: bytes, name: str = "plan.lock") -> Lock:
    """The lock in a file's content; see `read_lock`."""
    remedy = "Put the file back from your records, or lock the plan again."
    try:
        said: Any = json.loads(content.decode("utf-8"))
        seal = said.pop("hash")
        if not isinstance(seal, str) or seal != _seal(said):
            raise PlanError(Fault("was changed after the plan was locked", name, remedy=remedy))
        if said.pop("lock") != FORM:
            raise PlanError(Fault("was made by a newer takeup", name, remedy="Install that version."))
        said["plan"], said["files"] = FrozenMap(said["plan"]), FrozenMap(said["files"])
        said["earlier"] = tuple(Earlier(**item) for item in said["earlier"])
        lock = Lock(**said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PlanError(Fault("isn't a lock that takeup made", name, remedy=remedy)) from None
    return lock


def _plain(lock: Lock) -> dict[str, Any]:
    said = {item.name: getattr(lock, item.name) for item in fields(lock)}
    return {"lock": FORM, **said, "plan": dict(lock.plan), "files": dict(lock.files), "earlier": [asdict(item) for item in lock.earlier]}


def _seal(said: Mapping[str, Any]) -> str:
    return sha256(json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
