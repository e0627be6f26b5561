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
# # MIRIAM, 1: plan and power
#
# MIRIAM guides single mothers with a minimum income, in groups of about twelve with one case manager, in public centres for social welfare across
# Belgium. Women are measured at the start and at the end of ten months; nobody draws lots.
#
# **The data here are synthetic: made by a program from published, inferred and assumed parameters. No number is a finding on MIRIAM or its
# participants.**
#
# This tour: what such a study can promise and what it can't, and how many women it needs.

# %%
from tempfile import mkdtemp

import takeup as tu

folder = mkdtemp()
truth = tu.demo("miriam", folder)
study = tu.open_study(f"{folder}/reports/miriam-2024/plan.yaml")
study

# %% [markdown]
# ## The evidence decides what is said
#
# The plan says `evidence: before_after`. So there is no effect anywhere in its report: a change is a change, and much else changed as well. Chapters
# that need another group don't exist.

# %%
study.plan.evidence, list(study.chapters)

# %%
try:
    study.chapter("effects")
except tu.TakeupError as error:
    print(error)

# %% [markdown]
# What is promised:

# %%
for outcome in study.plan.outcomes:
    if outcome.role == "primary":
        print(outcome.id, "| better:", outcome.better, "| matters from:", outcome.smallest_effect, "| between", outcome.support)

# %% [markdown]
# ## How many women?
#
# Each woman is compared with herself, so what matters is the spread of changes. Half a point on a scale from 0 to 10, with changes that spread by two:

# %%
tu.sample_size(0.5, sd=2.0, paired=True)

# %% [markdown]
# Women of one group share a case manager and a year. With groups of twelve and a correlation of 0.05 the same number of women tells less:

# %%
tu.ResultSet((tu.mde(300, sd=2.0, paired=True), tu.mde(300, sd=2.0, paired=True, cluster_size=12, icc=0.05)))

# %%
tu.ResultSet(tuple(tu.power(change / 10, 300, sd=2.0, paired=True, cluster_size=12, icc=0.05) for change in range(1, 9))).plot()

# %% [markdown]
# ## What more women don't repair
#
# Women come when things are bad. Some of what gets better would have got better by itself: regression to the mean. The study says how much of a change
# that may be, from the reliability of the measure and the mean of those from whom the women were recruited. No number of women makes it smaller.

# %%
study.chapter("regression")

# %% [markdown]
# A comparison group helps more than a larger one. The first edition had one, in the same cities: `reports/miriam-1`, a study with
# `evidence: comparison`.
#
# Next: [data and measures](2_data_and_measures.py).
