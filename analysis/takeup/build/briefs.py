"""The policy briefs of a study: one file a language and format, in a folder of their own or as a part of a build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from takeup.errors import BuildError, Fault, collect, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from takeup.report.brief import Brief
    from takeup.report.marks import Kind
    from takeup.study import Study

FORMS = ("html", "pdf", "docx", "pptx")
OFFICE = {"docx": "docx", "pptx": "pptx"}
"""The formats that need a package of the `office` extra."""
LANGUAGES = ("en", "nl", "fr")
PLACE = "brief"


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefReport:
    """What was made.

    Attributes
    ----------
    out : Path
        The folder with the briefs.
    files : tuple of str
        Their names, ``brief.nl.pdf`` and so on.
    complaints : tuple of Fault
        What isn't written in a language that was asked for, and numbers that were typed although a result holds them.
    """

    out: Path
    files: tuple[str, ...]
    complaints: tuple[Fault, ...]


def make_briefs(
    plan_path: str | Path, *, languages: Sequence[str] = (), forms: Sequence[str] = (), out: str | Path | None = None, kind: Kind = "final",
    template: str | Path | None = None,
) -> BriefReport:
    """Write the briefs of a study.

    Parameters
    ----------
    plan_path : str or Path
    languages : "en", "nl", "fr", optional
        Those of the plan where none is given.
    forms : "html", "pdf", "docx", "pptx", optional
        All where none is given.
    out : str or Path, optional
        The folder to write; ``brief`` (``brief-masked``, ``brief-mock``) beside the plan where none is given. It changes all at once.
    kind : {"final", "masked", "mock"}
        As in `build`.
    template : str or Path, optional
        A Word document or template in which the DOCX is written: its page, header, footer and styles are kept.

    Raises
    ------
    TakeupError
        What `build` raises; ReportError where a placeholder names no result, the words are too long for two pages or a package is missing.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no stubs

    from takeup.build.folder import MANIFEST, check, replaced, write
    from takeup.build.guard import guard
    from takeup.build.manifest import digest, manifest, origin
    from takeup.build.stamp import stamped
    from takeup.build.steps import opened
    from takeup.report.office import needed
    from takeup.study import plan_file

    faults = [Fault(f'no brief is written in "{name}"', "lang", listed(LANGUAGES), nearest(name, LANGUAGES)) for name in languages
              if name not in LANGUAGES]
    faults += [Fault(f'no brief is made as "{name}"', "to", listed(FORMS), nearest(name, FORMS)) for name in forms if name not in FORMS]
    if template is not None and not Path(template).is_file():
        faults.append(Fault("there is no such file", "template", "a Word document (.docx) or template (.dotx)"))
    collect(BuildError, faults)
    letterhead = None if template is None else Path(template).read_bytes()
    wanted = tuple(dict.fromkeys(forms)) or FORMS
    for form in wanted:
        if form in OFFICE:
            needed(OFFICE[form], form.upper())
    path = plan_file(plan_path)
    with threadpool_limits(limits=1):
        place = (path.parent / (PLACE if kind == "final" else f"{PLACE}-{kind}") if out is None else Path(out)).resolve()
        check(place, kind)
        study = opened(path, kind)
        spoken = tuple(dict.fromkeys(languages)) or study.plan.languages
        briefs = {language: brief_of(study, language) for language in spoken}
        made = {f"brief.{language}.{form}": stamped(f"brief.{form}", rendered(brief, form, letterhead), kind, language)
                for language, brief in briefs.items() for form in wanted}
        guard(study.plan, made)
        with replaced(place, kind) as staging:
            came_from = {**origin(study, path, spoken), **({} if letterhead is None else {"template": digest(letterhead)})}
            write(staging, {**made, MANIFEST: manifest(came_from, made)})
    complaints = dict.fromkeys(fault for brief in briefs.values() for fault in brief.complaints)
    return BriefReport(out=place, files=tuple(made), complaints=tuple(complaints))


def brief_of(study: Study, language: str) -> Brief:
    """The brief of an opened study in one language."""
    from takeup.report.brief import brief

    words = {spoken: study.words(spoken) for spoken in LANGUAGES}
    return brief(study.released(), study.plan, study.labels(), words, language, kind=study.kind)


def rendered(brief: Brief, form: str, template: bytes | None = None) -> bytes:
    """A brief as a file; a DOCX in the reader's own template where one is given."""
    if form == "html":
        from takeup.report.brief_html import brief_html

        return brief_html(brief).encode()
    if form == "pdf":
        from takeup.report.brief_pdf import brief_pdf

        return brief_pdf(brief)
    if form == "docx":
        from takeup.report.docx import docx

        return docx(brief, template)
    from takeup.report.pptx import pptx

    return pptx(brief)


def brief_files(study: Study, languages: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The briefs as a part of a build; the formats of the `office` extra where it is installed."""
    from takeup.report.office import installed

    for language in languages:
        made = brief_of(study, language)
        for form in FORMS:
            if form not in OFFICE or installed(OFFICE[form]):
                yield f"brief.{language}.{form}", rendered(made, form)
