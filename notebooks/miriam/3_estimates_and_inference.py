# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # MIRIAM, 3: estimates and inference
#
# Changes in one group of women, and differences with a comparison group that nobody drew.
#
# **The data are synthetic: made by a program from published, inferred and assumed parameters. No number is a finding on MIRIAM or its participants.**

# %%
from tempfile import mkdtemp

import takeup as tu

folder = mkdtemp()
truth = tu.demo("miriam", folder)
study = tu.open_study(f"{folder}/reports/miriam-2024/plan.yaml")

# %% [markdown]
# ## What changed
#
# Mean changes of those who answered twice, clustered by group.

# %%
changes = study.results()
main = changes.where(lambda result: result.provenance.id.startswith("change."))
main

# %%
print(changes["wellbeing"].reason)

# %%
main.plot()

# %% [markdown]
# Means hide that some got worse:

# %%
study.chapter("improved").where(lambda result: result.provenance.id.startswith("improved.wellbeing"))

# %% [markdown]
# ## How much would have come by itself?
#
# Women come when things are bad; regression to the mean brings part of it back. The bound needs the reliability of the measure.

# %%
study.chapter("regression").where(outcome="wellbeing")

# %% [markdown]
# ## The same by hand

# %%
women = study.material.frame
by_hand = tu.change(women, "wellbeing.baseline", "wellbeing", clusters=study.trial.clusters)
assert abs(by_hand.estimate - changes["wellbeing"].estimate) < 1e-9
by_hand

# %% [markdown]
# ## With a comparison group
#
# The first edition measured women with usual guidance in the same cities. They differ from the start, so each gets the weight of her overlap with the
# other group (Li, Morgan and Zaslavsky 2018). What wasn't measured isn't adjusted for.

# %%
first = tu.open_study(f"{folder}/reports/miriam-1/plan.yaml")
first.balance().where(kind="standardized_difference").plot()

# %%
differences = first.results()
differences.where(lambda result: result.provenance.id.startswith("difference."))

# %% [markdown]
# There are few groups and five cities: the wild bootstrap asks how sure one can be with so few (Cameron, Gelbach and Miller 2008).

# %%
differences.where(lambda result: result.provenance.id.startswith("wild.empowerment"))

# %% [markdown]
# By hand, and by another road:

# %%
people, design = first.material.frame, first.trial.design
covariates = first.material.covariates(first.plan.outcome("empowerment"))
tu.ResultSet(tuple(
    tu.comparison(people, "empowerment", design, covariates=covariates, method=method) for method in ("overlap", "entropy", "ancova")
))

# %% [markdown]
# Next: [report and brief](4_report_and_brief.py).
