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
# # MISSION, 4: report and brief
#
# What leaves the secure room, in the language of its readers.
#
# **The data are synthetic: made by a program from published, inferred and assumed parameters. No number is a finding on MISSION or on families.**
# The report says so on each page.

# %%
from pathlib import Path
from tempfile import mkdtemp

import takeup as tu

folder = Path(mkdtemp())
tu.demo("mission", folder)
plan = folder / "reports" / "mission" / "plan.yaml"
study = tu.open_study(plan)

# %% [markdown]
# ## The gate
#
# Cells of fewer than five families are withheld, counts are rounded to fives, and numbers that would give a withheld one away go too. The log says
# which rule did it.

# %%
released = study.released()
from collections import Counter

Counter(entry.rule for entry in released.withheld()).most_common(5)

# %% [markdown]
# ## Tables in three languages

# %%
study.tables("nl")["effects"]

# %%
tables = study.tables("fr")
for ending in ("docx", "xlsx", "tex"):
    print(tu.write_tables(tables, folder / f"tableaux.{ending}").name)

# %% [markdown]
# ## A figure people remember

# %%
study.figure("takeup_dumbbell", "nl")

# %% [markdown]
# ## Sentences
#
# Written from the interval against the smallest effect that matters. In Dutch:

# %%
from takeup.build.briefs import brief_of
from takeup.present.text import plain

brief = brief_of(study, "nl")
for message in brief.message:
    print(f"{message.title}: {message.badge}")
    for line in message.lines:
        print("-", plain(line))

# %% [markdown]
# ## The brief
#
# Two pages for a policy maker; the authors' own words come from Markdown files beside the plan, and numbers in them are bound to results.

# %%
from takeup.build.briefs import make_briefs

made = make_briefs(plan, languages=["nl"], forms=["html", "pdf"], out=folder / "brief")
made.files

# %% [markdown]
# `takeup build reports/mission/plan.yaml` writes all of it; `takeup trace effect.wellbeing reports/mission` says where a number comes from.
