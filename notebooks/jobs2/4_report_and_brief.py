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
# # JOBS II, 4: report and brief
#
# What leaves: released results, tables for Word, Excel and LaTeX, figures with their numbers and a description, a report, and two pages for a
# policy maker, in three languages.

# %%
from pathlib import Path
from tempfile import mkdtemp

import takeup as tu

folder = Path(mkdtemp())
tu.demo("jobs2", folder)
plan = folder / "reports" / "jobs2" / "plan.yaml"
study = tu.open_study(plan)

# %% [markdown]
# ## The gate
#
# Tables and figures are made of released results only: what rests on too few people is withheld, and so is what would give it away by subtraction.
# The log says what and why. Here all 899 rows are public, so little is.

# %%
released = study.released()
len(released.withheld()), released.rules

# %% [markdown]
# ## Tables

# %%
tables = study.tables("en")
tables

# %%
tables["effects"]

# %% [markdown]
# One line writes them; the ending decides the form. In Excel numbers stay numbers, in Word the table is a native one, in LaTeX it compiles and
# stays on its page.

# %%
for ending in ("docx", "xlsx", "tex"):
    print(tu.write_tables(tables, folder / f"tables.{ending}").name)

# %% [markdown]
# In another language, the same table with the plan's own words in it:

# %%
study.tables("nl")["effects"]

# %% [markdown]
# ## Effects in your own regression tables
#
# A result is a model to the package [maketables](https://github.com/py-econometrics/maketables): `maketables.ETable([effect, your_model])` puts it
# beside models of statsmodels, linearmodels or pyfixest. What it asks of a model:

# %%
study.results()["depression"].__maketables_coef_table__

# %% [markdown]
# ## A figure with its description
#
# The picture's text alternative is made from the same numbers; so is the table folded under it.

# %%
figure = study.figure("forest", "en")
figure

# %%
print(figure.alt)

# %% [markdown]
# ## Sentences
#
# Sentences follow the interval against the smallest effect that matters, never a p-value alone. Each number has an id that leads back to the plan.

# %%
from takeup.build.briefs import brief_of
from takeup.present.text import plain

brief = brief_of(study, "en")
for message in brief.message:
    print(f"{message.title}: {message.badge}")
    for line in message.lines:
        print("-", plain(line))

# %% [markdown]
# `takeup build reports/jobs2/plan.yaml` writes report, tables, figures and results; `takeup brief reports/jobs2/plan.yaml` the two pages, as HTML,
# PDF, Word and slides. From Python:

# %%
from takeup.build.briefs import make_briefs

made = make_briefs(plan, languages=["en"], forms=["html"], out=folder / "brief")
made.files
