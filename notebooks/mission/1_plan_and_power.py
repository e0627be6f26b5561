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
# # MISSION, 1: plan and power
#
# MISSION sent case managers to families in poverty with a newborn in Kortrijk (AEARCTR-0002786). Its data are not public.
#
# **The data here are synthetic: made by a program from published, inferred and assumed parameters. No number is a finding on MISSION or on families.**
#
# This tour looks at the plan of a small trial with five case managers: what it promises, how it was drawn, and what it can find.

# %%
from tempfile import mkdtemp

import takeup as tu

folder = mkdtemp()
truth = tu.demo("mission", folder)
study = tu.open_study(f"{folder}/reports/mission/plan.yaml")
study

# %% [markdown]
# ## What is promised

# %%
for outcome in study.plan.outcomes:
    if outcome.role == "primary":
        print(outcome.id, "| better:", outcome.better, "| matters from:", outcome.smallest_effect, "| corrected with:", outcome.family)

# %% [markdown]
# ## How it was drawn
#
# Families were drawn month by month, in small batches, so comparisons are made within batches. The five case managers exist in one arm only: families
# of one of them share something, and each control family stands alone.

# %%
design = study.trial.design
design

# %%
people = study.material.frame
f"{design.count(people):.1e} assignments were possible"

# %%
draws = design.draws(people, 2_000, seed=1)
treated = (people[design.treatment] != design.control).to_numpy()
print("treated in each batch are the same in every draw:", all((draws[:, batch].sum(axis=1) == treated[batch].sum()).all()
      for batch in ((people[design.blocks] == number).to_numpy() for number in people[design.blocks].unique())))

# %% [markdown]
# ## What can it find?
#
# Well-being (WHO-5) runs from 0 to 100 with a standard deviation of about 20. Five points, half of the change that its authors call relevant, is the
# smallest effect that matters in the plan. What the case managers share makes the effect harder to find; the baseline makes it easier.

# %%
trial = dict(sd=20, provider_size=11, provider_icc=0.05, correlation=0.5)
tu.mde(110, **trial)

# %%
tu.sample_size(5, **trial)

# %%
tu.ResultSet(tuple(tu.power(effect, 110, **trial) for effect in range(1, 16))).plot()

# %% [markdown]
# A right taken up or not is a share. With 40 % take-up under usual services, the smallest rise that 110 families find:

# %%
tu.mde(110, control_rate=0.40)

# %% [markdown]
# The same by simulation, with the plan's own draw: its batches, its arms, its case managers. Few draws here, so that the tour is short.

# %%
tu.simulate_power(tu.Design("arm", control=0, draw="blocked", blocks="batch"), 8.0, 110, sd=20, correlation=0.5, block_size=6, simulations=400, seed=1)

# %% [markdown]
# A trial of this size finds large effects only. That is no reason not to look; it is a reason to say beforehand which size matters, and to read
# intervals rather than verdicts.
#
# Next: [data and measures](2_data_and_measures.py).
