"""Earlier releases of the same study: what their numbers and today's tell together that neither tells alone.

The difference between two releases is a table of its own: those who joined, left or changed in between. Where that is fewer people than the
minimum, today's number stays in. And what an earlier release showed can't be kept back any more.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from takeup.errors import Fault, ReleaseError
from takeup.results import FrozenMap, Statistic

if TYPE_CHECKING:
    from takeup.release.rules import Rules
    from takeup.results import Result

FILE = "results.csv"
FOLDER = "released"
"""The folder beside a plan in which a study keeps what it released before, one folder a release."""
COUNTED = ("n", "n_treated", "n_control", "count")
WORTH = ("estimate", "value")
SIZE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    r"""The numbers of earlier releases, each by result id.

    Examples
    --------
    >>> old = Earlier.read(b"id,n,count,value\nbalance.works.0,100,40,0.4\n")
    >>> old.releases[0]["balance.works.0"]["count"]
    40.0
    """

    releases: tuple[FrozenMap, ...]

    @classmethod
    def read(cls, source: str | Path | bytes) -> Self:
        """From a results.csv, its content, the folder of a build that holds it, or a folder of such folders.

        Raises
        ------
        ReleaseError
            No such file, or not the results of a build.
        """
        if isinstance(source, bytes):
            return cls(releases=(_release(source),))
        path = Path(source)
        several = () if (path / FILE).exists() or not path.is_dir() else release_files(path)
        return cls(releases=tuple(_release(_content(file)) for file in several or (path / FILE if path.is_dir() else path,)))

    def of(self, result: Result) -> tuple[tuple[FrozenMap, FrozenMap], ...]:
        """What each release told of a result, and the whole of that release."""
        name = result.provenance.id  # type: ignore[attr-defined]  # every kind of result has it
        return tuple((release[name], release) for release in self.releases if name in release)

    def still_told(self, result: Result, rules: Rules) -> bool:
        """Whether one of them told this result's numbers of people as they are today, so that keeping them back hides nothing."""
        return any(all(before in {new, rules.rounded(new)} for new, before in _pairs(result, old)) for old, _ in self.of(result))


def release_files(folder: Path) -> tuple[Path, ...]:
    """The results of the earlier releases in a folder, one folder each, by name."""
    return tuple(sorted(folder.glob(f"*/{FILE}")))


def _release(content: bytes) -> FrozenMap:
    try:
        table = list(csv.DictReader(io.StringIO(content.decode())))
    except (UnicodeDecodeError, csv.Error):
        table = []
    if not table or "id" not in table[0]:
        raise ReleaseError(Fault("isn't the results of a build", "earlier", "a results.csv, or the folder that holds it"))
    return FrozenMap({row["id"]: FrozenMap(_numbers(row)) for row in table if row["id"] and _numbers(row)})


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > SIZE:
            raise ReleaseError(Fault("is too large for a results.csv", "earlier"))
        return file.read_bytes()
    except OSError:
        raise ReleaseError(Fault("can't be read", "earlier", "a results.csv, or the folder that holds it")) from None


def _numbers(row: dict[str, str]) -> dict[str, float]:
    out = {}
    for name in (*COUNTED, *WORTH):
        try:
            out[name] = float(row.get(name) or "")
        except ValueError:
            continue
    return {name: value for name, value in out.items() if math.isfinite(value)}


def told_apart(result: Result, earlier: Earlier, rules: Rules) -> Literal["", "review", "withhold"]:
    """What becomes of a result beside the earlier release.

    Withheld where the difference shows a group that is too small; looked at by a person where its numbers changed and its counts didn't, or
    too little to be sure.
    """
    found = {_beside(result, old, _base(whole, rules.base), rules) for old, whole in earlier.of(result)}
    return "withhold" if "withhold" in found else "review" if "review" in found else ""


def _beside(result: Result, old: FrozenMap, base: int, rules: Rules) -> Literal["", "review", "withhold"]:
    gaps = [_gap(new, before, base, rules) for new, before in _pairs(result, old)]
    if any(low > 0 and high < rules.cell for low, high in gaps):
        return "withhold"
    near = all(low < rules.cell for low, _ in gaps)
    changed = any(_differs(getattr(result, name), old[name], rules) for name in WORTH if name in old and hasattr(result, name))
    return "review" if near and changed else ""


def _base(release: FrozenMap, today: int) -> int:
    """What its counts were rounded to: today's base where all of them are multiples of it, else nothing."""
    return today if all(value % today == 0 for row in release.values() for name, value in row.items() if name in COUNTED) else 1


def _pairs(result: Result, old: FrozenMap) -> list[tuple[float, float]]:
    """Counts now and then: of people, of those who have it, of those who haven't."""
    pairs = [(getattr(result, name), old[name]) for name in COUNTED if name in old and getattr(result, name, None) is not None]
    if isinstance(result, Statistic) and result.count is not None and {"n", "count"} <= set(old):
        pairs.append((result.n - result.count, old["n"] - old["count"]))
    return pairs


def _gap(new: float, old: float, base: int, rules: Rules) -> tuple[float, float]:
    """The fewest and the most people that the difference could be."""
    shown = rules.rounded(new)
    unsure = (base - 1 + rules.base - 1) / 2
    return max(abs(shown - old) - unsure, 0.0), abs(shown - old) + unsure


def _differs(new: float, old: float, rules: Rules) -> bool:
    """Whether the numbers differ by more than rounding."""
    return math.isfinite(new) and abs(new - old) > (1e-9 if rules.base == 1 else 0.01) * max(1.0, abs(old))
