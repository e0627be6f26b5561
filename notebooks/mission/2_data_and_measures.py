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
# # MISSION, 2: data and measures
#
# Questionnaires in two waves, a log of contacts, and a table of the rights that each family could have and has.
#
# **The data are synthetic: made by a program from published, inferred and assumed parameters. No number is a finding on MISSION or on families.**

# %%
from tempfile import mkdtemp

import takeup as tu

folder = mkdtemp()
truth = tu.demo("mission", folder)
study = tu.open_study(f"{folder}/reports/mission/plan.yaml")
study.trial

# %% [markdown]
# ## From assessed to analysed

# %%
study.flow()

# %%
study.figure("consort_flow", "en")

# %% [markdown]
# ## Scales
#
# A scale of the registry knows its items' range, which of them point the other way, and how many answers make a score. WHO-5:

# %%
people = study.material.frame
items = [f"endline.who5_{name}" for name in ("cheerful", "calm", "active", "rested", "interested")]
score = tu.score(people, "who5", items)
assert (score.dropna() == people["wellbeing"].dropna()).all()
score.describe().round(1)

# %% [markdown]
# Do the items hang together? Alpha and omega with their intervals, from complete answers:

# %%
tu.ResultSet((tu.cronbach_alpha(people, items), tu.mcdonald_omega(people, items)))

# %% [markdown]
# A scale of your own is a mapping:

# %%
own = {"range": [0, 1], "score": "percent", "min_items": 10}
deprivation = [name for name in people.columns if name.startswith("endline.msd_")]
tu.score(people, own, deprivation).describe().round(1)

# %% [markdown]
# ## Rights
#
# The catalogue says of each right who grants it, in which domain of life it is, what it may be worth, and by which rule it opens.

# %%
from pathlib import Path

from takeup.measure.rights_catalogue import opened, read_catalogue
from takeup.present.rights_answers import rights_answers

catalogue = read_catalogue(Path(folder) / "data_schema" / "mission" / "rights.yaml")
len(catalogue), sorted(catalogue.domains)

# %% [markdown]
# What would a family's situation open? Facts that aren't given leave a right open, and the answer says which fact is missing.

# %%
for line in rights_answers(catalogue, opened(catalogue, {"net_income": 1250, "lone_parent": True, "children": 2}))[:8]:
    print(line)

# %% [markdown]
# Take-up is counted among those who were eligible before the draw; a family moves from eligible to knowing, applying, being granted and receiving.
# One right, supplementary support:

# %%
study.takeup().where(variable="aanvullende_steun")

# %% [markdown]
# Next: [estimates and inference](3_estimates_and_inference.py).
