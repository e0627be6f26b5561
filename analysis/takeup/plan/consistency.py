"""What the parts of a plan must agree on, checked on the plain values of the file.

The rules read values as they stand, valid or not, so that they can speak at the same time as the checks of form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from takeup.errors import Fault, listed, nearest
from takeup.plan.evidence import evidence_findings, programme_columns, programme_tables
from takeup.plan.yamlfile import Steps

Finding = tuple[Steps, Fault]
LANGUAGES = ("en", "nl", "fr")
SOURCES = ("column", "scale", "rule", "index", "right")
NEEDED = {"blocked": ("blocks",), "clustered": ("clusters",), "blocked_clustered": ("blocks", "clusters"), "pairs": ("blocks",)}
_COLUMN_KEYS = {
    "design": ("unit", "treatment", "blocks", "clusters", "probability", "nested_in", "received", "weights", "assigned_on"),
    "flow": ("status",),
    "analyses": ("covariates", "balance"),
}


def all_findings(plan: object) -> list[Finding]:
    """Every disagreement in the plain values of a plan, with its path."""
    raw = _block(plan)
    found = [((*("design",), *path), fault) for path, fault in design_findings(raw.get("design"))]
    for i, outcome in enumerate(_list(raw.get("outcomes"))):
        found += [(("outcomes", i, *path), fault) for path, fault in outcome_findings(outcome)]
    return [*found, *plan_findings(raw)]


def design_findings(design: object) -> list[Finding]:
    """A draw has the columns it needs, a probability is one, and the arms include control."""
    raw = _block(design)
    found: list[Finding] = []
    draw = raw.get("draw", "complete")
    found += [
        ((name,), Fault(f"a {draw} draw needs {name}", remedy=f"Name the column with {name}:."))
        for name in NEEDED.get(str(draw), ()) if raw.get(name) is None
    ]
    probability = raw.get("probability")
    if isinstance(probability, int | float) and not 0 < probability < 1:
        found.append((("probability",), Fault("a chance of treatment lies between 0 and 1", allowed="more than 0 and less than 1")))
    arms, control = _block(raw.get("arms")), raw.get("control")
    if arms and control is not None and str(control) not in map(str, arms):
        found.append((("control",), Fault(f'"{control}" isn\'t among the arms', allowed=listed(arms), remedy=nearest(control, arms))))
    return [*found, *(((("allocation", *path), fault)) for path, fault in _allocation_findings(_block(raw.get("allocation")), str(draw), arms))]


def _allocation_findings(raw: Mapping[str, Any], draw: str, arms: Mapping[str, Any]) -> list[Finding]:
    """One way to draw, and one that goes with the draw."""
    ways = {"block_sizes": ("complete", "blocked"), "minimize": ("complete",), "match": ("pairs",),
            "balance": ("complete", "blocked", "clustered", "blocked_clustered", "pairs")}
    found: list[Finding] = [
        ((name,), Fault(f"doesn't go with a {draw} draw", allowed=listed(allowed))) for name, allowed in ways.items()
        if raw.get(name) and draw not in allowed
    ]
    named = [name for name in ("block_sizes", "minimize", "balance") if raw.get(name)]
    if len(named) > 1:
        found.append(((named[1],), Fault(f"doesn't go with {named[0]}", remedy="Choose one of them.")))
    found += [(("shares", str(name)), Fault("a share is a number above zero")) for name, share in _block(raw.get("shares")).items()
              if not isinstance(share, int | float) or share <= 0]
    strange = [str(name) for name in _block(raw.get("shares")) if arms and str(name) not in map(str, arms)]
    found += [(("shares", name), Fault(f'"{name}" isn\'t among the arms', allowed=listed(arms), remedy=nearest(name, arms))) for name in strange]
    if any(isinstance(size, int) and size < 2 for size in _list(raw.get("block_sizes"))):
        found.append((("block_sizes",), Fault("a block has at least two places")))
    return found


def outcome_findings(outcome: object) -> list[Finding]:
    """An outcome is made of one thing, and its details belong to that thing."""
    raw = _block(outcome)
    found: list[Finding] = []
    named = [name for name in SOURCES if raw.get(name)]
    if raw and len(named) != 1:
        said = f"this one has {' and '.join(named)}" if named else "this one has none of them"
        found.append(((), Fault(f"an outcome is made of exactly one thing; {said}", allowed=" or ".join(SOURCES))))
    if raw.get("items") and not (raw.get("scale") or raw.get("rule")):
        found.append((("items",), Fault("only a scale has items", remedy="Name the scale with scale:, state its rule with rule:, or remove items.")))
    if raw.get("rule") and not raw.get("items"):
        found.append((("items",), Fault("a rule scores items, and there are none", remedy="List their columns with items:.")))
    if str(raw.get("among", "")).endswith("endline"):
        what = "those eligible at follow-up can't be compared: the programme may change who is eligible, so they differ between the arms"
        found.append((("among",), Fault(what, allowed="eligible (before the draw), all")))
    support = raw.get("support")
    if isinstance(support, Sequence) and len(support) == 2 and _numbers(support) and support[0] >= support[1]:
        found.append((("support",), Fault("the lowest value stands first and is below the highest", remedy="Write [lowest, highest].")))
    smallest = raw.get("smallest_effect")
    if raw.get("kind") == "binary" and isinstance(smallest, int | float) and smallest > 1:
        found.append((("smallest_effect",), Fault("of a binary outcome is a share", allowed="up to 1", remedy="Write 0.05 for five in a hundred.")))
    waves = _list(raw.get("waves"))
    if len(set(map(str, waves))) < len(waves):
        found.append((("waves",), Fault("the same wave stands twice", remedy="Name each wave once, earliest first.")))
    if len(waves) > 1 and "." in str(raw.get("column") or ""):
        bare = str(raw["column"]).rpartition(".")[2]
        found.append((("column",), Fault("names one table, but the outcome has several waves",
                                         remedy=f'Write "{bare}"; the waves say in which tables it is.')))
    if raw.get("id") is not None and raw.get("id") in _list(raw.get("index")):
        found.append((("index",), Fault("an index can't be part of itself")))
    scales, scale = known_scales(), raw.get("scale")
    if isinstance(scale, str) and scales and scale not in scales:
        found.append((("scale",), Fault(f'there is no scale "{scale}"', allowed=listed(scales, 20), remedy=nearest(scale, scales))))
    return found


def plan_findings(plan: object) -> list[Finding]:
    """Names agree between the parts: ids, families, tables, waves, languages."""
    raw = _block(plan)
    outcomes = [_block(item) for item in _list(raw.get("outcomes"))]
    found: list[Finding] = []
    ids = [str(outcome.get("id")) for outcome in outcomes if outcome.get("id") is not None]
    for i, outcome in enumerate(outcomes):
        name = str(outcome.get("id"))
        if name in [str(other.get("id")) for other in outcomes[:i]]:
            found.append((("outcomes", i, "id"), Fault(f'the id "{name}" stands twice', remedy="Give each outcome an id of its own.")))
        for j, part in enumerate(_list(outcome.get("index"))):
            if str(part) not in ids:
                found.append((("outcomes", i, "index", j), Fault(f'there is no outcome "{part}"', allowed=listed(ids), remedy=nearest(part, ids))))
    families = sorted({str(outcome.get("family", "all")) for outcome in outcomes})
    found += [
        (("analyses", part, name), Fault(f'no outcome has the family "{name}"', allowed=listed(families), remedy=nearest(name, families)))
        for part in ("families", "family_labels") for name in _block(_block(raw.get("analyses")).get(part)) if outcomes and str(name) not in families
    ]
    flow = _block(raw.get("flow"))
    excluded = [count for count in _block(flow.get("excluded")).values() if isinstance(count, int)]
    reasons = list(map(str, _block(flow.get("excluded"))))
    found += [(("flow", "excluded_labels", name), Fault(f'nobody was left out for "{name}"', allowed=listed(reasons), remedy=nearest(name, reasons)))
              for name in map(str, _block(flow.get("excluded_labels"))) if name not in reasons]
    if isinstance(flow.get("assessed"), int) and sum(excluded) > flow["assessed"]:
        found.append((("flow", "excluded"), Fault("more are left out than were assessed", allowed=f"at most {flow['assessed']} in all")))
    found += [*_wave_findings(raw, outcomes), *_table_findings(raw), *_rights_findings(raw, ids), *_programme_findings(raw)]
    return [*found, *evidence_findings(raw), *_language_findings(raw)]


def known_scales() -> tuple[str, ...]:
    """Names of the scales that the registry holds."""
    folder = files("takeup").joinpath("measure", "registry")
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))) if folder.is_dir() else ()


def _wave_findings(raw: Mapping[str, Any], outcomes: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Waves of an outcome are tables; a study without waves (one table) needs none."""
    tables = _block(raw.get("data"))
    carried = [str(_block(table).get("wave") or name) for name, table in tables.items()]
    if len(tables) <= 1:
        return [
            (("outcomes", i, "waves"), Fault("several waves need a table for each",
                                             remedy="List the same file twice under data, each with its crosswalk."))
            for i, outcome in enumerate(outcomes) if tables and len(_list(outcome.get("waves"))) > 1
        ]
    return [
        (("outcomes", i, "waves", j), Fault(f'no table holds the wave "{wave}"', allowed=listed(dict.fromkeys(carried)),
                                            remedy=nearest(wave, carried) or "Name a table so, or give a table wave:."))
        for i, outcome in enumerate(outcomes) for j, wave in enumerate(_list(outcome.get("waves"))) if str(wave) not in carried
    ]


def columns_named(plan: Mapping[str, Any]) -> Iterator[tuple[Steps, str]]:
    """Every column that a plan names, with its path."""
    for part, keys in _COLUMN_KEYS.items():
        for key in keys:
            value = _block(plan.get(part)).get(key)
            if isinstance(value, str):
                yield (part, key), value
            for i, item in enumerate(_list(value)):
                if isinstance(item, str):
                    yield (part, key, i), item
    for i, group in enumerate(_list(_block(plan.get("analyses")).get("subgroups"))):
        if isinstance(by := _block(group).get("by"), str):
            yield ("analyses", "subgroups", i, "by"), by
    for i, outcome in enumerate(_list(plan.get("outcomes"))):
        if isinstance(column := _block(outcome).get("column"), str):
            yield ("outcomes", i, "column"), column
    yield from programme_columns(plan)


def _table_findings(raw: Mapping[str, Any]) -> list[Finding]:
    tables = list(map(str, _block(raw.get("data"))))
    return [
        (path, Fault(f'there is no table "{table}"', allowed=listed(tables), remedy=nearest(table, tables)))
        for path, column in columns_named(raw) for table, dot, _ in [column.partition(".")] if dot and tables and table not in tables
    ]


def _rights_findings(raw: Mapping[str, Any], ids: Sequence[str]) -> list[Finding]:
    """The tables of rights and contacts are among the data, and the cost is of an outcome that there is."""
    tables = list(map(str, _block(raw.get("data"))))
    rights, cost = _block(raw.get("rights")), _block(raw.get("cost"))
    named = [(key, rights.get(key, default)) for key, default in (("held", "rights"), ("contacts", None))] if rights else []
    found: list[Finding] = [
        (("rights", key), Fault(f'there is no table "{table}"', allowed=listed(tables), remedy=nearest(table, tables)))
        for key, table in named if table is not None and str(table) not in tables
    ]
    spread = _block(raw.get("rollout"))
    if spread.get("table") is not None and str(spread["table"]) not in tables:
        table = str(spread["table"])
        found.append((("rollout", "table"), Fault(f'there is no table "{table}"', allowed=listed(tables), remedy=nearest(table, tables))))
    if cost.get("per") is not None and str(cost["per"]) not in ids:
        found.append((("cost", "per"), Fault(f'there is no outcome "{cost["per"]}"', allowed=listed(ids), remedy=nearest(cost["per"], ids))))
    for key in ("hour_range", "indirect_range"):
        limits = cost.get(key)
        if isinstance(limits, Sequence) and len(limits) == 2 and _numbers(limits) and not 0 <= limits[0] <= limits[1]:
            found.append((("cost", key), Fault("the lowest value stands first, and none is below 0", remedy="Write [lowest, highest].")))
    return found


def _programme_findings(raw: Mapping[str, Any]) -> list[Finding]:
    """The tables of sessions and centres are among the data."""
    tables = list(map(str, _block(raw.get("data"))))
    return [(path, Fault(f'there is no table "{table}"', allowed=listed(tables), remedy=nearest(table, tables)))
            for path, table in programme_tables(raw) if tables and table not in tables]


def _language_findings(raw: Mapping[str, Any]) -> list[Finding]:
    """Words that are given by language are given in every language of the study's reports."""
    wanted = [language for language in _list(raw.get("languages")) if language in LANGUAGES] or ["en"]
    return [
        (path, Fault(f"has no words in {' and '.join(absent)}", allowed="words in every language that the plan lists under languages"))
        for path, words in _texts(raw, ()) if (absent := [language for language in wanted if language not in words])
    ]


def _texts(value: object, path: Steps) -> Iterator[tuple[Steps, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        if value and all(key in LANGUAGES for key in value):
            yield path, value
            return
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from _texts(item, (*path, i))


def _block(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _numbers(values: Sequence[object]) -> bool:
    return all(isinstance(value, int | float) for value in values)
