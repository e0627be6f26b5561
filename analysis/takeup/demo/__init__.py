"""Studies to try: real trials that the repository carries, and trials that never were.

`demo` writes one of them into a folder of your own, as a study with its plan, data, schemas and words.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from takeup.demo.real import copy_study
from takeup.errors import BuildError, Fault, listed, nearest
from takeup.results import FrozenMap

Writer = Callable[[Path, int, int | None], Mapping[str, Any]]


def _mission(folder: Path, seed: int, n: int | None) -> Mapping[str, Any]:
    from takeup.demo.mission import write_mission

    return write_mission(folder, seed, n)


def _miriam(folder: Path, seed: int, n: int | None) -> Mapping[str, Any]:
    from takeup.demo.miriam import write_miriam

    return write_miriam(folder, seed, n)


STUDIES: Mapping[str, Writer] = FrozenMap({
    **{name: partial(copy_study, name) for name in ("jobs2", "thornton")}, "mission": _mission, "miriam": _miriam,
})
"""The writers by name: each gets the folder, the seed and the size, writes the study and returns its truth (nothing where it is real)."""


def demo(name: str, folder: str | Path, seed: int = 0, *, n: int | None = None) -> FrozenMap:
    """Write a study into a folder, in the layout of the repository.

    The plan is at ``folder/reports/NAME/plan.yaml`` and its schemas in ``folder/data_schema/NAME/``. Files that are
    there already and say the same are left; a file that says something else stops everything before the first is written.

    Parameters
    ----------
    name : str
        A real trial, "jobs2" (Vinokur, Price and Schul 1995) or "thornton" (Thornton 2008); or a synthetic one, "mission" or
        "miriam". The last are two studies: reports/miriam-2024 (before and after) and reports/miriam-1 (with a comparison group).
    folder : str or Path
        Where to write; made when it doesn't exist.
    seed : int
        For synthetic studies: the same seed gives the same files. Real trials don't depend on it.
    n : int, optional
        For synthetic studies: how many families were enrolled, or women in 2023-24; as many as in the real one where left out.

    Returns
    -------
    FrozenMap
        The truth by name where the study is synthetic (the effects that its data were made with: outcome -> `TrueEffect`; for "miriam" see
        `takeup.demo.miriam.truth.truth`); empty for a real trial, whose truth nobody knows.

    Raises
    ------
    BuildError
        No study has this name, the folder holds other files under the names that would be written, or a real trial was asked for in
        another size.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     truth = demo("jobs2", folder)
    ...     plan_path("jobs2", folder).exists(), len(truth)
    (True, 0)
    """
    if name not in STUDIES:
        raise BuildError(Fault(f'there is no study called "{name}" to show', "demo", listed(STUDIES), nearest(name, STUDIES)))
    return FrozenMap(STUDIES[name](Path(folder), seed, n))


def plan_path(name: str, folder: str | Path) -> Path:
    """Where `demo` puts the plan of a study; of the two of MIRIAM that of 2023-24.

    >>> plan_path("jobs2", "try").as_posix()
    'try/reports/jobs2/plan.yaml'
    """
    return Path(folder) / "reports" / _FOLDERS.get(name, name) / "plan.yaml"


_FOLDERS: Mapping[str, str] = FrozenMap({"miriam": "miriam-2024"})
"""Folders of the studies that aren't called as they are asked for."""


class _Room(ModuleType):
    """The room and the function that it is for share a name, `takeup.demo`: calling either does the same."""

    def __call__(self, name: str, folder: str | Path, seed: int = 0, *, n: int | None = None) -> FrozenMap:
        return demo(name, folder, seed, n=n)


sys.modules[__name__].__class__ = _Room
