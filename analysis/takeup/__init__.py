"""takeup: evaluate social-policy trials, from one plan file to a report and a policy brief.

The house, from the way in to the way out; imports run one way, from the last room to the first.

==========  =================================================================================================
errors      what can go wrong: one base, one child per door, never a cell value
results     `Estimate`, `Test`, `Bounds`, `Statistic`, `ResultSet`: frozen, no microdata, with provenance
plan        what was promised: the plan file, read, hashed, locked
design      how the draw was made: `Design`, and the one function that draws; analytic power
intake      the way in: schemas, readers, checks, the ledger, `TrialData`
measure     items to outcomes: scales, indices, reliability, rights
estimate    the numbers: one estimator, one file
infer       other roads to a p-value: randomisation, wild bootstrap, multiplicity, simulated power
missing     who is not there: bounds, weights, imputation
describe    before the effect: balance, flow, attrition, compliance
release     the one way out: the disclosure gate
present     what a reader sees: wording, numbers, tables, figures
report      what leaves: documents and their formats
study       a plan opened with its data
build       the order of the steps; all-or-nothing output
commands    commands of the command line that stand together
cli         the command line
demo        trials that never were, and the real ones the repository carries
==========  =================================================================================================

Everything below is loaded when first used; importing takeup loads nothing but the standard library.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from takeup.version import __version__

_ROOMS = {
    "design": ("Design",),
    "design.assign": ("randomize",),
    "design.rollout": ("Rollout",),
    "design.formulas": ("arms_power", "clusters_for_rates"),
    "design.power": ("Power", "power", "mde", "sample_size"),
    "errors": ("TakeupError",),
    "results": ("Bounds", "ConfidenceSet", "Estimate", "ResultSet", "Statistic", "Test"),
    "estimate.difference": ("difference_in_means",),
    "estimate.linear": ("ancova", "lin"),
    "estimate.horvitz_thompson": ("horvitz_thompson",),
    "estimate.binary": ("binary",),
    "estimate.two_by_two": ("table_test",),
    "estimate.several_arms": ("arms_test", "compare_arms"),
    "estimate.assigned_dose": ("assigned_dose",),
    "estimate.linear_ranks": ("rank_test",),
    "estimate.standardized": ("standardized_difference",),
    "estimate.cace": ("cace",),
    "estimate.anderson_rubin": ("anderson_rubin",),
    "estimate.mixed": ("mixed",),
    "estimate.repeated": ("repeated_measures",),
    "estimate.partially_nested": ("partially_nested",),
    "estimate.subgroups": ("subgroups",),
    "estimate.mediation": ("mediate",),
    "estimate.change": ("change",),
    "estimate.regression_to_mean": ("regression_to_mean",),
    "estimate.comparison": ("comparison",),
    "estimate.meta": ("meta",),
    "estimate.sites": ("sites",),
    "estimate.cost": ("cost_per",),
    "estimate.staggered": ("GroupTime", "group_time"),
    "estimate.survival": ("restricted_mean_difference",),
    "estimate.sufficient": ("from_register",),
    "infer.randomization": ("RandomizationTest", "randomization_test"),
    "infer.cluster_sums": ("register_randomization_test",),
    "infer.multiplicity": ("adjust", "stepdown"),
    "infer.wild": ("wild_bootstrap",),
    "infer.power": ("simulate_power",),
    "missing.change": ("change_bounds",),
    "missing.behaghel": ("call_attempt_bounds",),
    "missing.tipping": ("TippingPoint", "tipping_point"),
    "missing.bounds": ("kling_liebman_bounds", "lee_bounds", "manski_bounds"),
    "missing.weights": ("response_weights",),
    "missing.impute": ("impute", "pool"),
    "measure.scales": ("classify", "score"),
    "measure.grim": ("Grim", "grim", "grim_sizes"),
    "measure.indices": ("anderson_index", "klk_index"),
    "measure.reliability": ("cronbach_alpha", "mcdonald_omega"),
    "describe.attrition": ("Attrition", "attrition"),
    "describe.balance": ("Balance", "balance"),
    "describe.cohorts": ("cohorts",),
    "describe.joint_balance": ("balance_f_test",),
    "describe.compliance": ("Compliance", "complier_profile", "compliance"),
    "describe.dose": ("attendance", "dose"),
    "describe.invariance": ("invariance",),
    "describe.reach": ("reach",),
    "report.write_tables": ("write_tables",),
    "study": ("Study", "open_study"),
    "study.registers": ("Registers", "takeup_of_registers"),
    "demo": ("demo",),
}
_WHERE = {name: f"takeup.{room}" for room, names in _ROOMS.items() for name in names}

__all__ = ["__version__", *sorted(_WHERE)]  # noqa: PLE0604  # names come from the map above


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        room = import_module(_WHERE[name])
        value = room if room.__name__ == f"takeup.{name}" else getattr(room, name)  # the room `demo` is called like its function
        globals()[name] = value
        return value
    raise AttributeError(f"module 'takeup' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
