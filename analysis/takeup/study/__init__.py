"""A plan opened with its data: what a notebook holds, and the chapters of results it makes.

`opened` holds `Study`; each other file is one chapter (or a few that belong together), a pure function of the `Material`.
"""

from takeup.study.chapters import chapters
from takeup.study.opened import Study, open_study, plan_file

__all__ = ["Study", "chapters", "open_study", "plan_file"]
