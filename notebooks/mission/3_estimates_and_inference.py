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
# # MISSION, 3: estimates and inference
#
# Effects of being offered a case manager, by the draw that was made, with few families and five case managers.
#
# **The data are synthetic: made by a program from published, inferred and assumed parameters. No number is a finding on MISSION or on families.**
# That has one advantage: the true effect is known, and can be held against the estimate.

# %%
from tempfile import mkdtemp

import takeup as tu

folder = mkdtemp()
truth = tu.demo("mission", folder)
study = tu.open_study(f"{folder}/reports/mission/plan.yaml")

# %% [markdown]
# ## Who took it up?
#
# Some who were offered a case manager said no.

# %%
study.chapter("compliance").where(lambda result: result.provenance.id.startswith("compliance."))

# %% [markdown]
# ## The effects
#
# By family of outcomes. The variance holds what families of one case manager share; the reason says how.

# %%
effects = study.results()
main = effects.where(lambda result: result.provenance.id.startswith("effect."))
main

# %%
print(effects["wellbeing"].reason)

# %% [markdown]
# Held against the truth, which a real trial never knows. About one interval in twenty misses it, and misses are no mistakes:

# %%
import pandas as pd

pd.DataFrame([
    {"outcome": one.outcome, "estimate": one.estimate, "true effect": truth[one.outcome].finite_sample,
     "in the interval": one.conf_low <= truth[one.outcome].finite_sample <= one.conf_high}
    for one in main if one.outcome in truth
]).round(2)

# %% [markdown]
# Each number by its own name, such as take-up of one right:

# %%
effects["supplementary_support"]

# %% [markdown]
# ## The same by hand
#
# A study is the plan's way. Each step is also a function on a data frame.

# %%
people, design = study.material.frame, study.trial.design
by_hand = tu.ancova(people, "wellbeing", design, covariates=["wellbeing.baseline"])
assert abs(by_hand.estimate - effects["wellbeing"].estimate) < 1e-9
by_hand

# %% [markdown]
# ## The draw as the only assumption
#
# How often does the trial's own draw give as much where nothing works? Three outcomes at once, corrected for having looked three times:

# %%
asked = ["wellbeing", "deprivation", "loneliness"]
tu.stepdown(people, asked, design, draws=2_000, seed=1)

# %% [markdown]
# ## Who is missing?
#
# Bounds hold whoever is missing: Lee's under the assumption that the offer moves people one way only in answering, Manski's under none.

# %%
tu.ResultSet((tu.lee_bounds(people, "wellbeing", design), tu.manski_bounds(people, "wellbeing", design, support=(0, 100)))).plot()

# %% [markdown]
# ## What it cost
#
# From logged minutes, for each right newly obtained:

# %%
study.chapter("cost")

# %% [markdown]
# Next: [report and brief](4_report_and_brief.py).
