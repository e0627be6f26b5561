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
# # JOBS II, 3: estimates and inference
#
# JOBS II randomised people who had lost their job to a job-search seminar or to a booklet (Vinokur, Price and Schul 1995). Many who were
# invited never came. The public extract holds 899 people; its publishers give it as an illustration, and that is what it is here.

# %%
from tempfile import mkdtemp

import takeup as tu

folder = mkdtemp()
tu.demo("jobs2", folder)
study = tu.open_study(f"{folder}/reports/jobs2/plan.yaml")
study

# %% [markdown]
# ## Did people come?

# %%
study.takeup()

# %% [markdown]
# ## What did the offer do?
#
# The effect of being invited (ITT) comes first. The plan names ANCOVA, so depressive symptoms afterwards are compared given those before. The variance and its
# degrees of freedom follow from the draw, and the result says why.

# %%
effects = study.results()
depression = effects["depression"]
depression

# %%
print(depression.reason)

# %% [markdown]
# The interval runs from a fall of 0.13 to a rise of 0.03 points on a scale from 1 to 5. The plan calls 0.07 points the smallest effect that matters. The
# interval holds such a fall, and no effect too: the trial can't tell them apart.
#
# All planned effects in one frame, and in one figure:

# %%
itt = effects.where(estimand="ITT")
itt.to_frame()[["outcome", "term", "estimate", "conf_low", "conf_high", "p_value", "n", "method"]].round(3)

# %%
effects.where(lambda result: result.provenance.id.startswith("effect.")).plot()

# %% [markdown]
# ## Among those who come when invited
#
# Nobody in the control arm could come, so the effect on people who come when invited (CACE) is the ITT divided by the share who came, under the assumption
# that an invitation alone changes nothing. The Anderson-Rubin set needs no strong first stage.

# %%
effects.where(lambda result: result.provenance.id.startswith(("cace.", "ar.")))

# %% [markdown]
# ## The same, by hand
#
# A study is the plan's way. Each step is also a function on any data frame.

# %%
import pandas as pd

data = f"{folder}/reports/jobs2/data"
people = (
    pd.read_csv(f"{data}/units.csv").merge(pd.read_csv(f"{data}/baseline.csv"), on="id").merge(pd.read_csv(f"{data}/endline.csv"), on="id")
)
design = tu.Design("treat", control=0, received="comply")
by_hand = tu.ancova(people, "depress2", design, covariates=["depress1"])
assert abs(by_hand.estimate - depression.estimate) < 1e-12
by_hand

# %% [markdown]
# What if staying in the extract depends on the seminar? The extract has no missing answers, so let us pretend that every tenth answer of the control arm is
# missing, and ask how far the effect could move.

# %%
pretend = people.assign(depress2=people["depress2"].where((people["treat"] == 1) | (people["id"] % 10 != 0)))
tu.lee_bounds(pretend, "depress2", design)

# %% [markdown]
# ## Another road to the p-value
#
# The randomisation test asks how often the trial's own draw gives an effect as large as this one where the seminar does nothing. It assumes no
# distribution; by inversion it gives an interval too.

# %%
tu.randomization_test(people, "depress2", design, covariates=["depress1"], draws=2_000, seed=1, interval=True)

# %% [markdown]
# Several outcomes at once: each p-value corrected for having looked at all of them, with their correlation taken into account.

# %%
tu.stepdown(people, ["depress2", "job_seek", "work1"], design, draws=2_000, seed=1)

# %% [markdown]
# Next: [report and brief](4_report_and_brief.py).
