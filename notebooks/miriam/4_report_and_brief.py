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
# # MIRIAM, 4: report and brief
#
# What leaves, and how its words follow from the evidence.
#
# **The data are synthetic: made by a program from published, inferred and assumed parameters. No number is a finding on MIRIAM or its participants.**

# %%
from pathlib import Path
from tempfile import mkdtemp

import takeup as tu

folder = Path(mkdtemp())
tu.demo("miriam", folder)
plan = folder / "reports" / "miriam-1" / "plan.yaml"
study = tu.open_study(plan)

# %% [markdown]
# ## The gate
#
# Small groups are withheld, counts rounded, as the plan says.

# %%
released = study.released()
released.rules.minimum_cell, len(released.withheld())

# %% [markdown]
# ## Tables, in the languages of the country

# %%
study.tables("nl")["differences"]

# %%
tables = study.tables("fr")
for ending in ("docx", "xlsx", "tex"):
    print(tu.write_tables(tables, folder / f"tableaux.{ending}").name)

# %% [markdown]
# ## A figure

# %%
study.figure("forest", "fr")

# %% [markdown]
# ## Words
#
# Nobody drew lots, so no sentence says that MIRIAM did something: it says how the groups differ.

# %%
from takeup.build.briefs import brief_of
from takeup.present.text import plain

brief = brief_of(study, "nl")
for message in brief.message:
    print(f"{message.title}: {message.badge}")
    for line in message.lines:
        print("-", plain(line))

# %% [markdown]
# `takeup build reports/miriam-1/plan.yaml` writes the report; `takeup brief reports/miriam-2024/plan.yaml --lang fr` the two pages on the changes.
