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
# # MIRIAM, 2: data and measures
#
# Groups, centres, editions, sessions, and questionnaires in two languages.
#
# **The data are synthetic: made by a program from published, inferred and assumed parameters. No number is a finding on MIRIAM or its participants.**

# %%
from tempfile import mkdtemp

import takeup as tu

folder = mkdtemp()
truth = tu.demo("miriam", folder)
study = tu.open_study(f"{folder}/reports/miriam-2024/plan.yaml")
study.trial

# %% [markdown]
# ## Who started, who stayed, who answered twice

# %%
study.flow()

# %% [markdown]
# ## Who are the missing?
#
# Only those who answered twice can show a change. How do they differ, at the start, from those who didn't?

# %%
study.chapter("completers").where(lambda result: result.provenance.id.startswith("completers.groups"))

# %% [markdown]
# ## One measure, two languages
#
# Half of the women answer in Dutch, half in French. Does each item weigh the same in both? Reliability and loadings by language:

# %%
measured = study.chapter("invariance")
measured.where(lambda result: ".alpha." in result.provenance.id or ".omega." in result.provenance.id)

# %% [markdown]
# The same by hand, from the items of one language:

# %%
women = study.material.frame
outcome = study.plan.outcome("empowerment")
outcome.scale or outcome.rule, outcome.items[:4]

# %%
items = [f"baseline.{item}" if f"baseline.{item}" in women else item for item in outcome.items]
tu.cronbach_alpha(women, items)

# %% [markdown]
# ## How much of the programme?
#
# Attendance, months and core sessions, in classes:

# %%
study.chapter("dose").where(lambda result: result.provenance.id.startswith(("dose.attendance", "dose.core", "dose.months")))

# %% [markdown]
# ## Whom does it reach?

# %%
study.chapter("reach").where(lambda result: not result.provenance.id.startswith("reach.bar"))

# %% [markdown]
# Next: [estimates and inference](3_estimates_and_inference.py).
