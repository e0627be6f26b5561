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
# # JOBS II, 1: plan and power
#
# JOBS II randomised people who had lost their job to a job-search seminar or to a booklet (Vinokur, Price and Schul 1995). This tour looks at the
# plan as if the trial were still to come: what was promised, how it was drawn, and what a trial of this size can find.

# %%
from tempfile import mkdtemp

import takeup as tu

folder = mkdtemp()
tu.demo("jobs2", folder)
study = tu.open_study(f"{folder}/reports/jobs2/plan.yaml")
study

# %% [markdown]
# ## What is promised
#
# A plan says which outcomes count, in which direction they get better, and from which size on an effect matters.

# %%
for outcome in study.plan.outcomes:
    print(outcome.role, outcome.id, "better:", outcome.better, "matters from:", outcome.smallest_effect)

# %% [markdown]
# `takeup lock plan.yaml` fixes it: a later build says what was changed since. `takeup mock plan.yaml` builds the whole report before there is an endline.
#
# ## How it is drawn
#
# The design is the plan's, with the columns of the data. Inference follows from it: the same object draws the trial again.

# %%
design = study.trial.design
design

# %%
people = study.material.frame
draws = design.draws(people, 3, seed=1)
draws.shape, draws.sum(axis=1)

# %% [markdown]
# Two of three people were invited, in every draw.
#
# ## What can it find?
#
# The smallest effect found four times out of five, in standard deviations. What a baseline explains makes it smaller (correlation 0.45 here); that only
# 62 % came makes the effect on those who come larger than the effect of the invitation.

# %%
trial = dict(treated_share=600 / 899, correlation=0.45)
tu.ResultSet((tu.mde(899, treated_share=600 / 899), tu.mde(899, **trial), tu.mde(899, **trial, takeup=0.62)))

# %% [markdown]
# Power against the size of the effect:

# %%
curve = tu.ResultSet(tuple(tu.power(effect / 100, 899, **trial) for effect in range(2, 32, 2)))
curve.plot()

# %% [markdown]
# The plan calls 0.07 scale points, a tenth of a standard deviation, the smallest effect that matters. How many people would find it?

# %%
tu.sample_size(0.10, **trial)

# %% [markdown]
# Formulas make assumptions. Simulation draws, measures and analyses the trial many times with the trial's own draw and estimator; the two agree here.

# %%
by_formula = tu.power(0.20, 899, **trial)
by_simulation = tu.simulate_power(tu.Design("arm", control=0), 0.20, 899, simulations=400, seed=1, **trial)
assert abs(by_formula.power - by_simulation.power) < 4 * by_simulation.mc_error
by_simulation

# %% [markdown]
# Next: [data and measures](2_data_and_measures.py).
