"""A MIRIAM that never was: women, groups, centres, sessions and answers made from published, inferred and assumed parameters.

Two studies: the edition of 2023-24 with the cohorts before it, and edition 1.0 with its comparison group. What the programme moves, what comes
back by itself because women were recruited at a low point, and what motivation does are known. Nothing here says anything about the real one.
"""

from __future__ import annotations

from takeup.demo.miriam.write import write_miriam

__all__ = ["write_miriam"]
