"""The result cards of a study: a page a centre, place or edition, one for all of them; a file a language and format, in a folder of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from takeup.errors import BuildError, Fault, collect, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from takeup.report.cards import Card
    from takeup.report.marks import Kind
    from takeup.study import Study

FORMS = ("pdf", "html")
LANGUAGES = ("en", "nl", "fr")
PLACE = "cards"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReport:
    """What was made.

    Attributes
    ----------
    out : Path
        The folder with the cards.
    files : tuple of str
        Their names: ``card.nl.pdf`` of all centres, ``card-46.nl.pdf`` of one, ``card-edition-2021.nl.pdf`` of another edition, and so on.
    centres, editions : int
        Centres (of a comparison, places), and editions beside the one that the study is about.
    masked : int
        Centres, places and editions with a number on their card that is kept back.
    """

    out: Path
    files: tuple[str, ...]
    centres: int
    editions: int
    masked: int


def make_cards(
    plan_path: str | Path, *, languages: Sequence[str] = (), forms: Sequence[str] = (), out: str | Path | None = None, kind: Kind = "final",
) -> CardReport:
    """Write the result cards of a study.

    Parameters
    ----------
    plan_path : str or Path
    languages : "en", "nl", "fr", optional
        Those of the plan where none is given.
    forms : "pdf", "html", optional
        Both where none is given.
    out : str or Path, optional
        The folder to write; ``cards`` (``cards-masked``, ``cards-mock``) beside the plan where none is given. It changes all at once.
    kind : {"final", "masked", "mock"}
        As in `build`.

    Raises
    ------
    TakeupError
        What `build` raises; ReportError where the plan names no centres and no places of two groups, or a card is too long for its page.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no stubs

    from takeup.build.folder import MANIFEST, check, replaced, write
    from takeup.build.guard import guard
    from takeup.build.manifest import manifest, origin
    from takeup.build.stamp import stamped
    from takeup.build.steps import opened
    from takeup.study import plan_file

    faults = [Fault(f'no card is written in "{name}"', "lang", listed(LANGUAGES), nearest(name, LANGUAGES)) for name in languages
              if name not in LANGUAGES]
    faults += [Fault(f'no card is made as "{name}"', "to", listed(FORMS), nearest(name, FORMS)) for name in forms if name not in FORMS]
    collect(BuildError, faults)
    path = plan_file(plan_path)
    with threadpool_limits(limits=1):
        place = (path.parent / (PLACE if kind == "final" else f"{PLACE}-{kind}") if out is None else Path(out)).resolve()
        check(place, kind)
        study = opened(path, kind)
        spoken = tuple(dict.fromkeys(languages)) or study.plan.languages
        made: dict[str, bytes] = {}
        known: set[tuple[str, str]] = set()
        masked: set[tuple[str, str]] = set()
        for found in cards_of(study, spoken):
            known |= {(found.level, found.edition)} - {("", "")}
            masked |= {(found.level, found.edition)} & known if found.withheld else set()
            for form in tuple(dict.fromkeys(forms)) or FORMS:
                made[name_of(found, form)] = stamped(f"card.{form}", rendered(found, form), kind, found.language)
        guard(study.plan, made)
        with replaced(place, kind) as staging:
            write(staging, {**made, MANIFEST: manifest(origin(study, path, spoken), made)})
    years = sum(bool(edition) for _, edition in known)
    return CardReport(out=place, files=tuple(made), centres=len(known) - years, editions=years, masked=len(masked))


def cards_of(study: Study, languages: Sequence[str]) -> Iterator[Card]:
    """Every card of an opened study: that of all first, then each centre's or place's, then each other edition's, language by language."""
    from takeup.report.cards import card, editions, levels

    released, labels = study.released(), study.labels()
    subjects = ("", ""), *((level, "") for level in levels(released)), *(("", year) for year in editions(released))
    for language in languages:
        for level, year in subjects:
            yield card(released, labels, language, level, edition=year, kind=study.kind)


def name_of(card: Card, form: str) -> str:
    """A card's file."""
    from takeup.study.material import slug

    head = f"card-edition-{slug(card.edition)}" if card.edition else f"card-{slug(card.level)}" if card.level else "card"
    return f"{head}.{card.language}.{form}"


def rendered(card: Card, form: str) -> bytes:
    """A card as a file."""
    if form == "html":
        from takeup.report.cards_html import card_html

        return card_html(card).encode()
    from takeup.report.cards_pdf import card_pdf

    return card_pdf(card)
