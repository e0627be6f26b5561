"""The weekly fieldwork page written beside the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.build.folder import write

if TYPE_CHECKING:
    from pathlib import Path

    from takeup.report.document import Document
    from takeup.study import Study

PAGE = "fieldwork.html"


def write_fieldwork(study: Study, plan_path: Path) -> Path:
    """Write `fieldwork.html` beside the plan, from counts that passed the gate; the arms stand under letters.

    Raises
    ------
    BuildError
        The study's mask or the page can't be written.
    """
    from takeup.release.gate import gate
    from takeup.release.rules import Rules
    from takeup.report.fieldwork import fieldwork_document
    from takeup.report.html import html
    from takeup.study.fieldwork import fieldwork
    from takeup.study.masked import mask_seed

    released = gate({"fieldwork": fieldwork(study.material, mask_seed(plan_path))}, Rules.from_plan(study.plan.release))
    documents: dict[str, Document] = {language: fieldwork_document(released, study.labels(), language) for language in study.plan.languages}
    write(plan_path.parent, {PAGE: html(documents).encode()})
    return plan_path.parent / PAGE
