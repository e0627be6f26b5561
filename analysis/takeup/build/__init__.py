"""A study's outputs, all or nothing: the order of the steps, the folder they go to, and the manifest of what went in and came out."""

from takeup.build.steps import PARTS, BuildReport, build

__all__ = ["PARTS", "BuildReport", "build"]
