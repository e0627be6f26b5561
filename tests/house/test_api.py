"""The public names, their arguments and the fields of results are promised: nothing here may be renamed or lose its place."""

import dataclasses
import inspect

import pytest

import takeup as tu

STUDY = ("sd", "control_rate", "pooled", "treated_share", "paired", "cluster_size", "icc", "cluster_size_cv", "provider_size", "provider_icc", "r2",
         "block_r2", "correlation", "pre", "post", "takeup", "alpha", "alternative", "comparisons", "distribution", "frame", "design", "outcome")
FIT = ("covariates", "se_type", "df", "arm", "conf_level")
SIGNATURES = {
    "randomize": (("frame", "design", "seed", "arms"), ()),
    "difference_in_means": (("frame", "outcome", "design"), ("arm", "conf_level")),
    "ancova": (("frame", "outcome", "design"), ("blocks", *FIT)),
    "lin": (("frame", "outcome", "design"), FIT),
    "horvitz_thompson": (("frame", "outcome", "design"), ("arm", "conf_level")),
    "binary": (("frame", "outcome", "design"), ("scale", "model", *FIT)),
    "cace": (("frame", "outcome", "design"), FIT),
    "anderson_rubin": (("frame", "outcome", "design"), FIT),
    "compliance": (("frame", "design"), ()),
    "complier_profile": (("frame", "columns", "design"), ()),
    "mixed": (("frame", "outcome", "design"), ("group", "covariates", "arm", "conf_level")),
    "partially_nested": (("frame", "outcome", "design"), ("covariates", "arm", "conf_level")),
    "subgroups": (("frame", "outcome", "by", "design"), ("covariates", "conf_level")),
    "mediate": (("frame", "outcome", "mediator", "design"), ("covariates", "conf_level")),
    "change": (("frame", "before", "after"), ("clusters", "conf_level")),
    "comparison": (("frame", "outcome", "design"), ("covariates", "method", "conf_level")),
    "meta": (("estimates",), ("method", "adjust", "conf_level")),
    "randomization_test": (("frame", "outcomes", "design"), ("covariates", "method", "statistic", "alternative", "two_sided", "draws", "seed",
                                                             "interval", "null", "backend")),
    "stepdown": (("frame", "outcomes", "design"), ("covariates", "draws", "seed", "backend", "statistic")),
    "adjust": (("p_values", "method"), ()),
    "wild_bootstrap": (("frame", "outcome", "design"), ("covariates", "draws", "weights", "null", "interval", "seed")),
    "attrition": (("frame", "responded", "design"), ("baseline",)),
    "lee_bounds": (("frame", "outcome", "design"), ("tighten", "conf_level")),
    "manski_bounds": (("frame", "outcome", "design"), ("support", "conf_level")),
    "kling_liebman_bounds": (("frame", "outcome", "design"), ("sd", "conf_level")),
    "response_weights": (("frame", "responded"), ("covariates",)),
    "impute": (("frame", "design"), ("columns", "m", "seed")),
    "pool": (("estimates",), ()),
    "score": (("frame", "scale", "items"), ()),
    "klk_index": (("frame", "columns", "design"), ("reverse",)),
    "anderson_index": (("frame", "columns", "design"), ("reverse",)),
    "cronbach_alpha": (("frame", "items"), ()),
    "mcdonald_omega": (("frame", "items"), ()),
    "balance": (("frame", "columns", "design"), ()),
    "power": (("effect", "n"), STUDY),
    "mde": (("n",), ("power", *STUDY)),
    "sample_size": (("effect",), ("power", *STUDY)),
    "simulate_power": (("plan_or_design",), ("simulations", "seed", "backend")),
    "open_study": (("path",), ()),
    "demo": (("name", "folder"), ("seed",)),
}
FIELDS = {
    "Estimate": ("outcome", "estimand", "term", "arm", "estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high", "conf_level",
                 "n", "n_treated", "n_control", "n_clusters", "n_missing", "method", "se_type", "reason", "evidence", "extra", "provenance"),
    "Bounds": ("lower", "upper", "std_error_lower", "std_error_upper", "conf_low", "conf_high", "trimmed_share", "trimmed_arm", "extra"),
    "ConfidenceSet": ("intervals", "shape"),
    "Power": ("effect", "n", "power", "n_treated", "n_control", "clusters", "design_effect", "variance_factor", "df", "alpha", "method"),
    "RandomizationTest": ("p_value", "statistic", "exact", "draws", "mc_error", "conf_low", "conf_high"),
    "Compliance": ("sided", "share", "first_stage_f"),
    "Balance": ("p_value",),
}
DESIGN = ("treatment", "control", "draw", "blocks", "clusters", "probability", "nested_in", "received", "weights", "accept")
POSITIONAL = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_are_as_promised(name):
    positional, keywords = SIGNATURES[name]
    parameters = inspect.signature(getattr(tu, name)).parameters
    places = [parameter for parameter, value in parameters.items() if value.kind in POSITIONAL]
    assert tuple(places[: len(positional)]) == positional
    open_ended = any(value.kind is inspect.Parameter.VAR_KEYWORD for value in parameters.values())
    missing = set(keywords) - set(parameters)
    assert not missing or open_ended, f"{name} lacks {sorted(missing)}"
    required = {parameter for parameter, value in parameters.items()
                if value.default is inspect.Parameter.empty and value.kind not in {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}}
    assert required <= {*positional, *keywords}, f"{name} asks for more than was promised"


@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_as_promised(name):
    kind = getattr(tu, name)
    fields = {field.name for field in dataclasses.fields(kind)}
    assert not [field for field in FIELDS[name] if field not in fields and not hasattr(kind, field)]


def test_design_is_as_promised():
    assert tuple(field.name for field in dataclasses.fields(tu.Design))[: len(DESIGN)] == DESIGN


def test_every_promise_is_public():
    assert set(SIGNATURES) | set(FIELDS) <= set(tu.__all__)
