"""The full report: what was found first, then everything a reader needs to trust it, in the order of CONSORT 2025."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.errors import Fault, ReportError
from takeup.plan.evidence import MAIN
from takeup.present.figures import all_figures
from takeup.present.labels import in_language
from takeup.present.reading import section, statistics
from takeup.present.tables import BUILDERS
from takeup.present.tables.summary import summary
from takeup.present.text import Span, joined, plain, said
from takeup.present.wording import finding
from takeup.release.gate import require
from takeup.report.changed import by_itself
from takeup.report.consort import checklist
from takeup.report.document import Block, Bullets, Callout, Details, Document, Fact, Facts, FigureBlock, Heading, Note, Paragraph, TableBlock, Tone
from takeup.report.limits import limitations
from takeup.report.methods import methods
from takeup.report.placeholders import bound
from takeup.report.programme import AFTERWARDS, opening
from takeup.report.programme import chapters as programme
from takeup.report.rest import citation, rest
from takeup.report.sentences import Teller
from takeup.report.words import blocks, check_sections, sentence
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.plan.model import Plan
    from takeup.present.figures.model import Figure
    from takeup.present.labels import Labels
    from takeup.present.text import Spans
    from takeup.present.wording import Finding
    from takeup.release.gate import Released
    from takeup.results import Estimate


def full_report(
    released: Released, plan: Plan, labels: Labels, words: Mapping[str, str], language: str, *, figures: Mapping[str, Figure] | None = None,
) -> Document:
    """The report of a study in one language.

    Parameters
    ----------
    released : Released
    plan : Plan
        The plan the results were made by; `labels` holds the same.
    labels : Labels
    words : mapping of section names (`report.words.SECTIONS`) to Markdown
        The authors' own words in this language; sections without words are left out.
    language : {"en", "nl", "fr"}
    figures : mapping of ids to figures, optional
        What `present.figures.all_figures` gives, where they were drawn already.

    Returns
    -------
    Document

    Raises
    ------
    ReleaseError
        Results that didn't pass the gate.
    ReportError
        Words for an unknown section or outside the small part of Markdown; a flow that doesn't add up; another plan than the labels'.
    """
    require(released)
    check_sections(words)
    if labels.plan is not plan and labels.plan != plan:
        raise ReportError(Fault("the labels belong to another plan", "labels"))
    tell = Teller(released, labels, language)
    writer = _Writer(tell, words, all_figures(released, labels, language) if figures is None else figures)
    told = (*opening(tell), *writer.found(), *writer.study(), *writer.people(), *writer.draw(), *writer.takeup(), *writer.rights(), *writer.effects(),
            *programme(tell, writer.figure, writer.table), *writer.mechanism(), *writer.cost(),
            *programme(tell, writer.figure, writer.table, listed=AFTERWARDS), *writer.robustness(), *writer.missing(), *writer.methods(),
            *writer.limits())
    chapters = (*told, *writer.provenance(), *rest(released, told, language), *writer.checklist())
    meta = FrozenMap(study=plan.study, plan_hash=plan_hash_of(released), version=__version__, evidence=plan.evidence,
                     cite=citation(labels, plan_hash_of(released), language))
    return Document(title=labels.title(language), subtitle=plain(sentence(in_language(plan.about.intervention, language), "plan")), language=language,
                    blocks=chapters, meta=meta)


def plan_hash_of(released: Released) -> str:
    """The hash of the plan that the results carry."""
    for name in released.sections:
        for result in released.sections[name]:
            if result.provenance.plan_hash:
                return str(result.provenance.plan_hash)
    return ""


FEW = 4
"""Up to so many outcomes that aren't primary are told in sentences."""


class _Writer:
    """Writes the chapters, each a tuple of blocks; a chapter without content is empty."""

    def __init__(self, tell: Teller, words: Mapping[str, str], figures: Mapping[str, Figure]) -> None:
        self.tell, self.words, self.figures = tell, words, figures
        self.released, self.labels, self.language, self._ = tell.released, tell.labels, tell.language, tell._
        self.plan = tell.labels.plan

    def chapter(self, id_: str, title: str, *content: Block) -> tuple[Block, ...]:
        """A heading and its content; nothing where there is no content."""
        return (Heading(text=title, id=id_), *content) if content else ()

    def own(self, name: str) -> tuple[Block, ...]:
        """The authors' words of a section."""
        text = self.words.get(name, "")
        return bound(blocks(text, name), self.tell, f"words/{self.language}/{name}.md") if text.strip() else ()

    def table(self, name: str) -> tuple[Block, ...]:
        """A table, where it has rows."""
        made = BUILDERS[name](self.released, self.labels, self.language)
        return () if made.empty else (TableBlock(table=made),)

    def figure(self, name: str, *, with_data: bool = True) -> tuple[Block, ...]:
        """A figure, where there is one."""
        return (FigureBlock(figure=self.figures[name], with_data=with_data),) if name in self.figures else ()

    def paragraph(self, *spans: Spans) -> tuple[Block, ...]:
        """A paragraph, where it says anything."""
        text = joined(*spans)
        return (Paragraph(spans=text),) if text else ()

    def named(self, name: str, text: Spans) -> Spans:
        """A line that begins with what it is about, in bold."""
        return (Span(text=self._("{first}: {second}", first=name, second="").rstrip(), strong=True), Span(text=" "), *text)

    def found(self) -> tuple[Block, ...]:
        """The first chapter: the facts in numbers, a card for every primary outcome, a line for every other, and how sure it is."""
        _, tell = self._, self.tell
        primary = tell.main("primary") or tell.main()[:1]
        others = [estimate for estimate in tell.main() if estimate not in primary]
        cards = tuple(_card(finding(item, self.labels, self.language), self._arm_of(item.arm), tell.rounded(item)) for item in primary)
        content: list[Block] = [*self.own("summary"), *self.facts(), *cards]
        if others:
            content.append(Heading(text=_("Other outcomes"), level=3))
            content.append(self._others(others))
        content.append(Heading(text=_("How sure is this?"), level=3))
        same = [tell.same_verdict(estimate) for estimate in primary]
        content.append(Bullets(items=tuple(item for item in (tell.evidence_line(), tell.draw(), *by_itself(tell), *same) if item)))
        if self.plan.about.synthetic:
            warning = _("These data are made up by a computer: no conclusion about a real programme can be drawn from them.")
            content.insert(0, Note(spans=said(warning)))
        return self.chapter("found", _("What was found"), *content)

    def _arm_of(self, arm: str) -> str:
        return self.labels.arm(arm, self.language) if len(self.plan.design.arms) > 2 else ""

    def _others(self, others: list[Estimate]) -> Block:
        """The other outcomes in sentences, or in a table where there are many."""
        if len(others) > FEW:
            return TableBlock(table=summary(others, self.labels, self.language))
        return Bullets(items=tuple(self._line(finding(item, self.labels, self.language), self._arm_of(item.arm)) for item in others))

    def _line(self, found: Finding, arm: str) -> Spans:
        name = f"{found.outcome}, {arm}" if arm else found.outcome
        return joined((Span(text=f"{name}.", strong=True),), found.says, found.numbers)

    def facts(self) -> tuple[Block, ...]:
        """How many took part, how many took the programme up."""
        _, tell = self._, self.tell
        items = []
        whole = tell.entered()
        if whole is not None:
            people = self.labels.units(self.language)
            label = _("{people} randomised", people=people) if self.plan.evidence == "randomized" else people
            items.append(Fact(number=(tell.number.of(whole, "value", "integer"),), label=label))
        for item in statistics(section(self.released, "compliance"), kind="share", table="compliance"):
            if item.arm != str(self.plan.design.control):
                arm = self.labels.arm(item.arm, self.language)
                label = _("of \u201c{arm}\u201d {received}", arm=arm, received=self.labels.received(self.language))
                items.append(Fact(number=(tell.number.of(item, "value", "percent", 0),), label=label))
        outcomes = len(self.plan.outcomes)
        items.append(Fact(number=said(tell.number.integer(outcomes)), label=_.plural("outcome planned", "outcomes planned", outcomes)))
        return (Facts(items=tuple(items)),) if whole is not None else ()

    def study(self) -> tuple[Block, ...]:
        """Why the study was done and what was compared."""
        _, about = self._, self.plan.about
        lines = [(_("Programme"), about.intervention), (_("Compared with"), about.comparator),
                 (_("Where and when"), "" if self.own("setting") else about.setting), (_("Funding"), "" if self.own("funding") else about.funding)]
        listed = [self.named(name, sentence(in_language(text, self.language), "plan")) for name, text in lines if text]
        own = [block for name in ("background", "objectives", "programme", "setting", "dates", "eligibility", "theory", "providers",
                                       "materials", "clusters", "consent", "incentives", "involvement", "developer", "funding", "interests")
               for block in self.own(name)]
        return self.chapter("study", _("About the study"), *own, *([Bullets(items=tuple(listed))] if listed else []))

    def people(self) -> tuple[Block, ...]:
        """Who took part: the flow and the baseline table."""
        source = in_language(self.plan.flow.source, self.language)
        return self.chapter("people", self._("Who took part"), *self.paragraph(self.tell.flow()), *self.figure("consort_flow"),
                            *self.figure("participation"),
                            *self.paragraph(sentence(source, "plan")), *self.table("baseline"))

    def draw(self) -> tuple[Block, ...]:
        """Was the draw fair."""
        if self.plan.evidence == "before_after":
            return ()
        title = self._("Was the draw fair?") if self.plan.evidence == "randomized" else self._("Were the groups alike at the start?")
        return self.chapter("draw", title, *self.paragraph(self.tell.draw()), *self.own("allocation"), *self.own("blinding"),
                            *self.figure("love_plot"), *self.figure("love_weighted"))

    def takeup(self) -> tuple[Block, ...]:
        """Did people get it."""
        table = self.table("complier_profile")
        profile = (Details(title=self._("Who took part because it was offered"), blocks=table),) if table else ()
        return self.chapter("takeup", self._("Did people get the programme?"), *self.paragraph(self.tell.takeup()),
                            *self.figure("takeup_by_arm", with_data=False), *self.table("compliance"), *profile)

    def rights(self) -> tuple[Block, ...]:
        """Which rights families took up, where they dropped out and how soon they got one."""
        _ = self._
        each = self.table("takeup_rights")
        folded = (Details(title=_("Take-up of rights, right by right"), blocks=each),) if each else ()
        way = (*self.figure("cascade", with_data=False), *self.table("takeup_causes"))
        lost = (Heading(text=_("Where families drop out"), level=3), *way) if way else ()
        soon = self.figure("time_to_takeup")
        return self.chapter("rights", _("Which rights did families take up?"), *self.paragraph(self.tell.rights()),
                            *self.figure("takeup_domains", with_data=False), *self.figure("domain_forest", with_data=False),
                            *self.table("takeup_groups"),
                            *self.figure("takeup_dumbbell", with_data=False), *folded, *lost,
                            *((Heading(text=_("How soon"), level=3), *soon) if soon else ()))

    def mechanism(self) -> tuple[Block, ...]:
        """How it came about."""
        _ = self._
        more = [Details(title=title, blocks=table) for title, name in (
            (_("Contacts with the case manager"), "contacts"), (_("What was done about rights"), "working_elements")) if (table := self.table(name))]
        return self.chapter("mechanism", _("How did it come about?"), *self.table("mechanism_chain"), *self.figure("dose"), *more)

    def cost(self) -> tuple[Block, ...]:
        """What it cost."""
        return self.chapter("cost", self._("What did it cost?"), *self.figure("cost_sensitivity", with_data=False), *self.table("cost"))

    def effects(self) -> tuple[Block, ...]:
        """The estimates of all outcomes."""
        _ = self._
        title = {"randomized": _("Effects"), "comparison": _("Differences"), "before_after": _("Changes")}[self.plan.evidence]
        content: list[Block] = [*self.own("outcomes"), *self.figure("forest"), *self.table("effects")]
        spread = [figure for outcome in self.plan.outcomes for figure in self.figure(f"distribution_{outcome.id}")]
        if spread:
            content += [Heading(text=_("How the outcomes are spread"), level=3), *spread]
        complier = self.table("complier_effects")
        if complier:
            content += [Heading(text=_("For those who took part"), level=3), *complier]
        groups = self.table("subgroups")
        if groups:
            content += [Heading(text=_("For whom"), level=3), *groups]
        return self.chapter(MAIN[self.plan.evidence][0], title, *content, *self.own("harms"))

    def robustness(self) -> tuple[Block, ...]:
        """The same by other methods."""
        lines = tuple(line for estimate in self.tell.main() if (line := self.tell.same_verdict(estimate)))
        table = self.table("robustness")
        more = [(self._("Few groups, few places"), "few_clusters"), (self._("What isn't measured"), "unmeasured")]
        parts = [block for title, name in more if (found := self.table(name)) for block in (Heading(text=title, level=3), *found)]
        return self.chapter("robustness", self._("Does the answer depend on the method?"), *([Bullets(items=lines)] if lines and table else []),
                            *table, *parts)

    def missing(self) -> tuple[Block, ...]:
        """Who is missing, and what that could change."""
        return self.chapter("missing", self._("Who is missing, and does it matter?"), *self.table("attrition"), *self.table("bounds"))

    def methods(self) -> tuple[Block, ...]:
        """How it was done, folded."""
        _ = self._
        folded = Details(title=_("Methods, written from what was run"), blocks=methods(self.tell))
        return self.chapter("methods", _("How it was done"), *self.own("sample_size"), *self.own("interim"), folded, *self.own("changes"))

    def limits(self) -> tuple[Block, ...]:
        """What the numbers say of their own limits, then the authors."""
        _ = self._
        generated = limitations(self.tell)
        own = (*self.own("limits"), *self.own("generalisability"), *self.own("interpretation"))
        nothing = said(_("The numbers themselves point to no limitation beyond their intervals."))
        first: Block = Bullets(items=generated) if generated else Paragraph(spans=nothing)
        return self.chapter("limits", _("What limits these findings"), first,
                            *([Heading(text=_("In the authors' words"), level=3), *own] if own else []))

    def provenance(self) -> tuple[Block, ...]:
        """Where every number comes from."""
        _, plan, about = self._, self.plan, self.plan.about
        lines: list[tuple[str, Spans]] = [
            (_("Plan"), said(_("study {study}, hash {hash}", study=plan.study, hash=plan_hash_of(self.released)))),
            (_("Software"), said(f"takeup {__version__}")), (_("Seed"), said(str(plan.analyses.seed))),
        ]
        if plan.registration is not None:
            lines.append((_("Registration"), said(f"{plan.registration.registry}, {plan.registration.id}, {self.date(plan.registration.date)}")))
        more = ((_("Data"), about.source), (_("Licence"), about.licence), (_("Please cite"), about.citation))
        lines += [(name, sentence(in_language(text, self.language), "plan")) for name, text in more if text]
        rules = self.released.rules
        rounding = _("counts as they are") if rules.base == 1 else _("counts to the nearest {base}", base=rules.base)
        lines.append((_("Disclosure"), said(_("profile {profile}: no group under {cell} people is shown; {rounding}; {n} numbers withheld",
                                              profile=rules.profile, cell=rules.cell,
                                         rounding=rounding, n=len(self.released.withheld())))))
        items = tuple(self.named(name, text) for name, text in lines)
        text = said(_("Every number here is a field of a result with an id of its own. By the same id its row in results.csv, its estimator and "
                      "its line in the plan are found."))
        return self.chapter("provenance", _("Where the numbers come from"), Paragraph(spans=text), Bullets(items=items), *self.own("access"))

    def date(self, day: object) -> str:
        """A date in the reader's language."""
        from babel.dates import format_date

        from takeup.present.catalogue import LOCALES

        return str(format_date(day, format="long", locale=LOCALES[self.language]))

    def checklist(self) -> tuple[Block, ...]:
        """The CONSORT 2025 checklist, folded; it also stands on a page of its own."""
        if self.plan.evidence != "randomized":
            return ()
        from takeup.report.consort_extensions import extensions

        asked = (self.released, self.labels, self.words, self.language)
        tables = (checklist(*asked), *extensions(*asked))
        return self.chapter("consort", self._("CONSORT 2025 checklist"),
                            Details(title=self._("Each item, and where it is met"), blocks=tuple(TableBlock(table=table) for table in tables)))


TONES: dict[str, Tone] = {
    "better_matters": "better", "better": "better", "better_plain": "better", "probably_better": "better", "better_small": "little",
    "maybe_better": "little", "little": "little",
    "maybe_worse": "little", "worse_small": "little", "probably_worse": "worse", "worse_plain": "worse", "worse": "worse", "worse_matters": "worse",
    "unclear": "unclear",
    "unclear_plain": "unclear", "none": "none",
}


def _card(found: Finding, arm: str, rounded: Spans) -> Callout:
    lines = (found.says, joined(found.numbers, rounded), found.matters)
    return Callout(title=f"{found.outcome}, {arm}" if arm else found.outcome, badge=found.short, tone=TONES[found.verdict],
                   lines=tuple(line for line in lines if line), result_id=found.result_id)
