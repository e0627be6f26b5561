"""Writes the synthetic MISSION as a study: plan, schemas and words as the installation keeps them, data as they are made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.mission.contacts import contacts
from takeup.demo.mission.rows import flow, material, referrals, rights_held, services
from takeup.demo.mission.spread import rollout
from takeup.demo.mission.tables import households, survey
from takeup.demo.mission.truth import true_effects
from takeup.demo.mission.world import World, blocks, make_world
from takeup.demo.real import home, other_file, study_files
from takeup.errors import BuildError, Fault, collect
from takeup.measure.rights_catalogue import read_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from pandas import DataFrame

    from takeup.results import FrozenMap

Array = np.ndarray[Any, np.dtype[Any]]
NAME = "mission"
FAMILIES, FEWEST = 133, 8
MOST_AS_TEXT = 20_000
"""Up to this many families the data are CSV; above, Parquet, written in parts."""
README = """# Synthetic data

Nobody answered these questions. The files were made by a program (`takeup demo mission`), seed {seed}, {n} families, from the parameters in
`analysis/takeup/demo/mission/parameters.yaml`. A few of those were published on MISSION; most are assumed. No number in these files, and none that
is computed from them, is a finding on MISSION or on families in Kortrijk.
"""


def write_mission(folder: Path, seed: int = 0, n: int | None = None) -> FrozenMap:
    """Write the study with n enrolled families (133 as in the trial where left out).

    Returns
    -------
    FrozenMap
        The true effect on each outcome of the plan: outcome id -> `takeup.demo.mission.truth.TrueEffect`.

    Raises
    ------
    BuildError
        Fewer than eight families; or other files lie in the folder under the names to be written.
    """
    n = FAMILIES if n is None else n
    if n < FEWEST:
        raise BuildError(Fault("too few families for a trial", "n", f"{FEWEST} or more"))
    world = make_world(n, seed, read_catalogue(home() / "data_schema" / NAME / "rights.yaml"))
    suffix = "csv" if n <= MOST_AS_TEXT else "parquet"
    contents = {folder / name: content for name, content in study_files(NAME, parts=("plan.yaml", "words/*/*.md")).items()}
    plan = folder / "reports" / NAME / "plan.yaml"
    contents[plan] = _plan(contents[plan].decode(), world, suffix).encode()
    data = plan.parent / "data"
    contents[data / "README.md"] = README.format(seed=seed, n=n).encode()
    if suffix == "csv":
        contents |= {data / f"{name}.csv": _csv(frames) for name, frames in tables(world).items()}
    collect(BuildError, (fault for target, content in contents.items() for fault in other_file(target, content)))
    for target, content in contents.items():
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    if suffix == "parquet":
        for name, frames in tables(world).items():
            _parquet(data / f"{name}.parquet", frames)
    return true_effects(world)


def tables(world: World) -> Mapping[str, Iterable[DataFrame]]:
    """The data of the study by table, each in parts that are made when they are asked for, so that only one table is in memory at a time.

    Interviews of families that were lost aren't among them.
    """
    found = material(world)
    order = found.numbers.argsort()
    stayed = order[~world.lost[order]]
    return {
        "households": _parts(lambda: households(world), order), "baseline": _parts(lambda: survey(world, "baseline"), order),
        "endline": _parts(lambda: survey(world, "endline"), stayed), "rights": rights_held(found), "services": services(found),
        "contacts": contacts(found), "flow": _parts(lambda: flow(world)), "rollout": _parts(lambda: rollout(world.seed, world.parameters)),
    }


def _parts(made: Callable[[], DataFrame], order: Array | None = None) -> Iterator[DataFrame]:
    """A table in parts, its rows in this order."""
    frame = made()
    for rows in blocks(len(frame) if order is None else order.size):
        yield frame.iloc[rows if order is None else order[rows]]


def _plan(text: str, world: World, suffix: str) -> str:
    """The plan with the numbers of this trial in its flow, and the files' ending."""
    counts = referrals(world)
    for name, number in (("assessed", counts["referred"]), *((name, counts[name]) for name in ("not_reached", "refused", "moved"))):
        text = re.sub(rf"(?m)^(\s+{name}): \d+", rf"\1: {number}", text, count=1)
    return re.sub(r"(file: data/\w+)\.csv", rf"\1.{suffix}", text)


def _csv(frames: Iterable[DataFrame]) -> bytes:
    """Comma-separated, UTF-8, one header, the same bytes everywhere."""
    parts = [frame.to_csv(index=False, header=position == 0, lineterminator="\n", date_format="%Y-%m-%d") for position, frame in enumerate(frames)]
    return "".join(parts).encode()


def _parquet(path: Path, frames: Iterable[DataFrame]) -> None:
    """One Parquet file, a row group a part."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise BuildError(Fault("so many families are written as Parquet, which needs pyarrow", "n", f"up to {MOST_AS_TEXT} without it",
                               "Install takeup[io].")) from None
    if path.exists():
        raise BuildError(Fault("another file is there already", str(path), remedy="Choose an empty folder, or move that file away."))
    writer = None
    for frame in frames:
        part = pa.Table.from_pandas(frame, preserve_index=False, schema=writer.schema if writer else None)
        writer = writer or pq.ParquetWriter(path, part.schema)
        writer.write_table(part)
    if writer:
        writer.close()
