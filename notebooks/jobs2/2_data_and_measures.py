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
# # JOBS II, 2: data and measures
#
# How data come in: schemas, checks, links, missing answers; and the columns that outcomes are made of. The public extract holds 899 of the 1,801
# people who took part; its publishers give it as an illustration, and that is what it is here.

# %%
from pathlib import Path
from tempfile import mkdtemp

import takeup as tu

folder = Path(mkdtemp())
tu.demo("jobs2", folder)
plan = folder / "reports" / "jobs2" / "plan.yaml"
study = tu.open_study(plan)
study.trial

# %% [markdown]
# Each table has a schema (a Table Schema in YAML): types, limits, categories with words in three languages, codes for missing answers.

# %%
for name, schema in study.trial.schemas.items():
    print(f"{name}:", ", ".join(f"{field.name} ({field.type})" for field in schema.fields))

# %% [markdown]
# ## A mistake in the data
#
# Everything that is wrong is said at once: file, column, how often and what is allowed, never a value. Here a score of 9 on a scale from 1 to 5 and
# a person who stands twice in the list:

# %%
file = plan.parent / "data" / "baseline.csv"
original = file.read_text()
lines = original.splitlines()
person, rest = lines[1].split(",", 1)
lines[1] = f"{person},9,{rest.split(',', 1)[1]}"
file.write_text("\n".join([*lines, lines[2], ""]))
try:
    tu.open_study(plan)
except tu.TakeupError as error:
    print(error)
finally:
    file.write_text(original)

# %% [markdown]
# ## From assessed to analysed

# %%
flow = study.flow().to_frame()
flow[["variable", "level", "arm", "count"]].dropna(axis="columns", how="all")

# %% [markdown]
# The ledger follows every person. The flow begins at the extract, for nobody documented which of the others it leaves out.
#
# ## The outcomes
#
# One row a person: the columns of the list of people, and each outcome of the plan under its own name, with its baseline beside it.

# %%
people = study.material.frame
people[["depression", "depression.baseline", "employed", "confidence"]].describe().round(2)

# %% [markdown]
# An index of several outcomes, each in standard deviations of the control group and turned the same way (Kling, Liebman and Katz 2007):

# %%
design = study.trial.design
index = tu.klk_index(people, ["depression", "confidence", "employed"], design, reverse=["depression"])
tu.difference_in_means(people.assign(index=index), "index", design)

# %% [markdown]
# ## Were the arms alike at the start?
#
# One test, by drawing the trial again, asks whether all differences together are larger than chance makes them.

# %%
balance = tu.balance(people, ["depression.baseline", "age", "sex", "educ"], design, draws=2_000)
balance

# %%
balance.plot()

# %% [markdown]
# Next: [estimates and inference](3_estimates_and_inference.py).
