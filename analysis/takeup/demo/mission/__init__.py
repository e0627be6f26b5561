"""A MISSION that never was: families, case managers, rights and answers made from published, inferred and assumed parameters.

Each family has both of its fates, drawn to usual services and drawn to a case manager; the data show one, and the truth is known. Nothing
here says anything about the real trial.
"""

from __future__ import annotations

from takeup.demo.mission.write import write_mission

__all__ = ["write_mission"]
