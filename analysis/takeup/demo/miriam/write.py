"""Writes the synthetic MIRIAM as two studies: plans, schemas and words as the installation keeps them, data as they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.demo.miriam.editions import WOMEN, Editions, make_editions
from takeup.demo.miriam.first import First, make_first
from takeup.demo.miriam.tables import WAVES, centres, first_participants, first_survey, participants, participation, sessions, survey
from takeup.demo.miriam.truth import truth
from takeup.demo.real import home, other_file
from takeup.errors import BuildError, Fault, collect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pandas import DataFrame

    from takeup.results import FrozenMap

STUDIES = ("miriam-2024", "miriam-1")
FEWEST, MOST = 60, 20_000
README = """# Synthetic data

Nobody answered these questions. The files were made by a program (`takeup demo miriam`), seed {seed}, {n} women, from the parameters in
`analysis/takeup/demo/miriam/parameters.yaml`. A few of those were published on MIRIAM; most are assumed. No number in these files, and none that
is computed from them, is a finding on MIRIAM, on its participants, or on any centre: centres have numbers and cities letters.
"""


def write_miriam(folder: Path, seed: int = 0, n: int | None = None) -> FrozenMap:
    """Write both studies, with n women in 2023-24 (1,144 where left out); edition 1.0 has 117 and 118 women whatever n is.

    Returns
    -------
    FrozenMap
        What the data were made with; see `takeup.demo.miriam.truth.truth`.

    Raises
    ------
    BuildError
        Fewer than 60 or more than 20,000 women; or other files lie in the folder under the names to be written.
    """
    n = WOMEN if n is None else n
    if not FEWEST <= n <= MOST:
        raise BuildError(Fault("that many women make no programme of groups in centres", "n", f"from {FEWEST} to {MOST}"))
    world, first = make_editions(n, seed), make_first(seed)
    contents = _kept(folder)
    for study, tables in (("miriam-2024", _later(world)), ("miriam-1", _first(first))):
        data = folder / "reports" / study / "data"
        contents[data / "README.md"] = README.format(seed=seed, n=len(tables["participants"])).encode()
        for name, frame in tables.items():
            contents[data / f"{name}.csv"] = frame.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d").encode()
    collect(BuildError, (fault for target, content in contents.items() for fault in other_file(target, content)))
    for target, content in contents.items():
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return truth(world)


def _kept(folder: Path) -> dict[Path, bytes]:
    """What the installation keeps: plans and words of both studies, and the schemas that they share."""
    source = home()
    paths = [path for study in STUDIES for part in ("plan.yaml", "words/*/*.md") for path in sorted((source / "reports" / study).glob(part))]
    paths += sorted((source / "data_schema" / "miriam").glob("*.yaml"))
    return {folder / path.relative_to(source): path.read_bytes() for path in paths}


def _later(world: Editions) -> Mapping[str, DataFrame]:
    return {"participants": participants(world), **{wave: survey(world, wave) for wave in WAVES}, "sessions": sessions(world),
            "centres": centres(world), "participation": participation(world)}


def _first(world: First) -> Mapping[str, DataFrame]:
    return {"participants": first_participants(world), **{wave: first_survey(world, wave) for wave in WAVES}}
