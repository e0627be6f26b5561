"""The ladder of bounds, from few assumptions to more: each in a file of its own, all named here.

====================  ==========================================================================  ====================================
manski_bounds         every missing outcome at the worst end of its scale (Horowitz and Manski     nothing but the scale
                      for the rates of a yes or no)
lee_bounds            the better-responding arm trimmed (also in cells: tighten=)                 assignment moves response one way
call_attempt_bounds   the same, trimming those who were hardest to reach (Behaghel and others)    and effort reaches people in one order
kling_liebman_bounds  missing outcomes at their arm's mean give or take some standard deviations  non-respondents aren't far from it
====================  ==========================================================================  ====================================
"""

from takeup.missing.behaghel import call_attempt_bounds
from takeup.missing.fill import kling_liebman_bounds, manski_bounds
from takeup.missing.lee import lee_bounds

__all__ = ["call_attempt_bounds", "kling_liebman_bounds", "lee_bounds", "manski_bounds"]
