"""The design chooses the inference, and says why: which variance, at which level, with which degrees of freedom.

The rules are those of the Green-lab standard operating procedures (Lin, Green and Coppock 2016) as amended by de Chaisemartin and
Ramirez-Cuellar (2024) for small strata; each is one branch here and one sentence in `reason`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from takeup.errors import EstimateError, Fault, listed
from takeup.estimate.vcov import DfRule, SeType, check_se_type, has_satterthwaite

if TYPE_CHECKING:
    from takeup.design import Design
    from takeup.estimate.arrays import Arrays, Codes, Floats

SMALL_STRATUM = 10
"""Strata with this many units (clusters, when clusters were drawn) or fewer: with their fixed effects the variance is at the stratum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """The variance that was chosen: `clusters` holds the codes of its level, None where rows are independent.

    `treated` (n,) is there where the degrees of freedom need to know the arms: providers in the treated arm only.
    """

    se_type: SeType
    df_rule: DfRule
    clusters: Codes | None
    reason: str
    treated: Floats | None = None


def choose(data: Arrays, design: Design, *, se_type: str | None = None, df: str | None = None, fixed_effects: bool = True) -> Inference:
    """The variance and degrees of freedom for a regression on `data`.

    Parameters
    ----------
    se_type, df : asked for by the user; None leaves it to the design
    fixed_effects : whether the blocks enter the regression as dummies that aren't interacted with treatment
    """
    if se_type is not None:
        check_se_type(se_type)
    if df is not None and df not in get_args(DfRule):
        raise EstimateError(Fault(f'"{df}" is no rule for degrees of freedom', "df", listed(get_args(DfRule))))
    level, reason = _level(data, design, fixed_effects=fixed_effects)
    chosen: SeType
    if se_type is None:
        chosen = "HC2" if level is None else "CR2"
    else:
        chosen = se_type  # type: ignore[assignment]  # checked above
        reason = f"{chosen} was asked for. " if level is None or not chosen.startswith("CR") else f"{chosen} was asked for. {reason}"
        if chosen.startswith("CR") and level is None:
            raise EstimateError(Fault(f"{chosen} needs clusters", "se_type", remedy="Declare clusters= in the design, or choose HC2."))
        if not chosen.startswith("CR"):
            level = None
    nested = level is not None and _nested(data, design)
    rule = ("nested" if nested and chosen == "CR2" else _df_rule(chosen)) if df is None else df
    if rule == "nested" and not (nested and has_satterthwaite(chosen)):
        raise EstimateError(Fault('df="nested" is for providers in the treated arm only and a clustered variance', "df",
                                  remedy="Declare nested_in= in the design, or choose another rule."))
    if rule == "bell_mccaffrey" and not has_satterthwaite(chosen):
        remedy = 'Choose df="residual" or another variance.'
        raise EstimateError(Fault("Satterthwaite degrees of freedom belong to HC2 and clustered variances", "df", remedy=remedy))
    if rule == "clusters" and level is None:
        raise EstimateError(Fault("degrees of freedom by clusters need a clustered variance", "df"))
    return Inference(se_type=chosen, df_rule=rule, clusters=level, reason=reason + _DF_WORDS[rule],  # type: ignore[arg-type]
                     treated=data.treated if rule == "nested" else None)


def _nested(data: Arrays, design: Design) -> bool:
    """Whether the level of the variance is that of providers in the treated arm only."""
    return data.providers is not None and data.clusters is None and not (design.draw == "pairs" and data.blocks is not None)


def _level(data: Arrays, design: Design, *, fixed_effects: bool) -> tuple[Codes | None, str]:
    if design.draw == "pairs" and data.blocks is not None:
        return data.blocks, "One of two was drawn in each pair: the variance is at the level of the pair (de Chaisemartin and Ramirez-Cuellar 2024). "
    if data.blocks is not None and fixed_effects and design.draws_clusters and _units_per_block(data, design) <= SMALL_STRATUM:
        return data.blocks, (
            "Blocks of few clusters with fixed effects: the variance is at the level of the block (de Chaisemartin and Ramirez-Cuellar 2024). "
        )
    if data.clusters is not None:
        what = "Whole clusters were drawn" if design.draws_clusters else "The design names clusters"
        return data.clusters, f"{what}: CR2 at that level. "
    if data.providers is not None:
        return nested_clusters(data), (
            "Providers exist in the treated arm only (partially nested): each provider is a cluster, each other unit its own. "
        )
    return None, "Units were drawn one by one: HC2. "


def assignment_weights(data: Arrays, within: Codes | None = None) -> tuple[Floats | None, str]:
    """Weights for a regression, and the sentence that says so.

    The analysis weights; times one over the probability of the own arm where that probability differs between rows (of the same block,
    when `within` holds the blocks whose dummies enter the regression). Where it doesn't differ it changes no comparison and is left out.
    """
    p = data.probability
    if p is None or not _differs(p, np.zeros(data.n, dtype=np.int64) if within is None else within):
        return data.weights, ""
    inverse = np.where(data.treated == 1, 1.0 / p, 1.0 / (1.0 - p))
    return inverse if data.weights is None else inverse * data.weights, "Weighted by one over the probability of the own arm. "


def complete_blocks(data: Arrays) -> Arrays:
    """The rows of blocks that have both arms; a note says how many were left out. Nothing to compare is left where no block has both."""
    if data.blocks is None or data.n == 0:
        return data
    size = int(data.blocks.max()) + 1
    treated = np.bincount(data.blocks, weights=data.treated, minlength=size)
    both = (treated > 0) & (treated < np.bincount(data.blocks, minlength=size))
    keep = both[data.blocks]
    if keep.all():
        return data
    gone = np.unique(data.blocks[~keep]).size
    word = "1 block" if gone == 1 else f"{gone} blocks"
    note = f"{word} ({int((~keep).sum())} rows) with one arm only left the comparison."
    return replace(data.take(keep), notes=(*data.notes, note))


def _differs(values: Floats, groups: Codes) -> bool:
    size = int(groups.max()) + 1
    high, low = np.full(size, -np.inf), np.full(size, np.inf)
    np.maximum.at(high, groups, values)
    np.minimum.at(low, groups, values)
    return bool((high[groups] - low[groups] > 1e-12).any())


def nested_clusters(data: Arrays) -> Codes:
    """Cluster codes of a partially nested design: providers cluster the treated arm, every other unit stands alone."""
    assert data.providers is not None
    shared = (data.treated == 1) & (data.providers >= 0)
    alone = data.providers.max() + 1 + np.arange(data.n)
    return np.asarray(np.unique(np.where(shared, data.providers, alone), return_inverse=True)[1], dtype=np.int64)


def _units_per_block(data: Arrays, design: Design) -> float:
    assert data.blocks is not None
    blocks = np.unique(data.blocks).size
    units = data.n if not design.draws_clusters or data.clusters is None else np.unique(data.clusters).size
    return units / blocks


def _df_rule(se_type: SeType) -> DfRule:
    if se_type.startswith(("HC2", "CR2")):
        return "bell_mccaffrey"
    return "clusters" if se_type.startswith("CR") else "residual"


_DF_WORDS = {
    "bell_mccaffrey": "Satterthwaite degrees of freedom (Bell and McCaffrey 2002).",
    "nested": "Satterthwaite degrees of freedom that allow for likeness within a provider and a spread of its own in each arm "
              "(Imbens and Kolesár 2016).",
    "residual": "Degrees of freedom: rows less coefficients.",
    "clusters": "Degrees of freedom: clusters less one.",
    "normal": "Normal inference.",
}
