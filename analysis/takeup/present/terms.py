"""The field's terms in words: what a method, a variance, a draw or a step of the flow is called.

An identifier without an entry here is shown as words (`labels.spoken`), so that a new method never breaks a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.catalogue import mark, words
from takeup.present.labels import spoken

if TYPE_CHECKING:
    from takeup.results import Result

METHODS = {
    "difference_in_means": mark("Difference in means"),
    "ancova": mark("Regression with baseline covariates (ANCOVA)"),
    "lin": mark("Regression with interacted covariates (Lin)"),
    "horvitz_thompson": mark("Horvitz-Thompson estimator"),
    "linear": mark("Linear model"),
    "binary_linear": mark("Linear model for a 0/1 outcome"),
    "binary_logit": mark("Logistic model, averaged (g-computation)"),
    "abadie_kappa": mark("Abadie's weights"),
    "randomization inference": mark("Randomisation test"),
    "omnibus balance, randomisation inference": mark("Omnibus balance test, by repeating the draw"),
    "logit": mark("Logistic model, averaged (g-computation)"),
    "cace": mark("Two-stage least squares"),
    "2sls": mark("Two-stage least squares"),
    "anderson_rubin": mark("Anderson-Rubin set"),
    "mixed": mark("Mixed model"),
    "partially_nested": mark("Partially nested mixed model"),
    "change": mark("Mean change in pairs"),
    "by_centre": mark("Clustered by centre"),
    "unchanged": mark("As if those missing had not changed"),
    "mcnemar": mark("McNemar's exact test"),
    "regression_to_mean": mark("Regression to the mean, bounded"),
    "subgroups": mark("One regression for all groups"),
    "lee": mark("Lee bounds"),
    "lee_bounds": mark("Lee bounds"),
    "lee_tightened": mark("Lee bounds, tightened"),
    "manski": mark("Manski bounds"),
    "manski_bounds": mark("Manski bounds"),
    "kling_liebman": mark("Kling-Liebman bounds"),
    "kling_liebman_bounds": mark("Kling-Liebman bounds"),
    "randomization": mark("Randomisation test"),
    "randomization_test": mark("Randomisation test"),
    "ri": mark("Randomisation test"),
    "wild": mark("Wild cluster bootstrap"),
    "wild_bootstrap": mark("Wild cluster bootstrap"),
    "overlap": mark("Overlap weights"),
    "entropy": mark("Entropy balancing"),
    "did": mark("Difference in differences"),
    "comparison_overlap": mark("Overlap weights"),
    "comparison_entropy": mark("Entropy balancing"),
    "comparison_ancova": mark("Regression with baseline covariates (ANCOVA)"),
    "comparison_did": mark("Difference in differences"),
    "weighted": mark("Weighted by the chance of answering"),
    "imputed": mark("Multiple imputation"),
}
ADJUSTMENTS = {
    "holm": mark("Holm"),
    "hochberg": mark("Hochberg"),
    "bonferroni": mark("Bonferroni"),
    "bh": mark("Benjamini-Hochberg"),
    "by": mark("Benjamini-Yekutieli"),
    "sharpened_q": mark("sharpened q-values (Benjamini, Krieger and Yekutieli 2006)"),
    "romano_wolf": mark("Romano-Wolf"),
    "none": mark("no correction"),
}
DRAWS = {
    "simple": mark("Each unit was drawn by itself, as by the toss of a coin."),
    "complete": mark("A fixed number of units was drawn into each arm."),
    "blocked": mark("A fixed number of units was drawn into each arm within every block."),
    "clustered": mark("Whole clusters were drawn into the arms."),
    "blocked_clustered": mark("Whole clusters were drawn into the arms within every block."),
    "pairs": mark("Within each pair one was drawn."),
    "none": mark("Nothing was drawn: who is in which group was decided otherwise."),
}
VARIANCES = {
    "classical": mark("classical"),
    "neyman": mark("Neyman"),
    "normal": mark("normal"),
}
FLOW = {
    "assessed": mark("Assessed for eligibility"),
    "excluded": mark("Excluded"),
    "randomized": mark("Randomised"),
    "started": mark("Started"),
    "measured": mark("Answered at the start"),
    "completed": mark("Stayed until the end"),
    "left": mark("Left early"),
    "allocated": mark("Allocated"),
    "received": mark("Took part"),
    "not_received": mark("Did not take part"),
    "followed_up": mark("Followed up"),
    "lost": mark("Lost to follow-up"),
    "analysed": mark("Analysed"),
}
PHASES = {
    "enrolment": mark("Enrolment"),
    "allocation": mark("Allocation"),
    "groups": mark("Groups"),
    "follow_up": mark("Follow-up"),
    "analysis": mark("Analysis"),
}
ROLES = {
    "primary": mark("primary"),
    "secondary": mark("secondary"),
    "exploratory": mark("exploratory"),
}


def term(table: dict[str, str], name: str, language: str) -> str:
    """The words for an identifier, or the identifier itself as words."""
    return words(language)(table[name]) if name in table else spoken(name)


def method(name: str, language: str) -> str:
    """What an estimator is called. A name with options after it, `randomization, ancova, studentized`, goes by its first part."""
    first = name.partition(",")[0].strip()
    for known in (name, first):
        if known in METHODS:
            return words(language)(METHODS[known])
    return name if " " in name else spoken(name)


def method_of(result: Result, language: str) -> str:
    """What the estimator of a result is called; a regression that had no covariate to enter says so."""
    name = str(getattr(result, "method", ""))
    if name in {"ancova", "lin"} and getattr(result, "extra", {}).get("covariates") == "":
        _ = words(language)
        return _("Regression without covariates (the difference in means)")
    return method(name, language)


def variance(name: str, language: str) -> str:
    """What a variance is called: HC2, CR2 and their kind are the same in every language."""
    return words(language)(VARIANCES[name]) if name in VARIANCES else name
