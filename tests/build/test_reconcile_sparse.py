"""No false alarm where much is missing: blocks that lose an arm, receipts and centres that nobody wrote down, one file for all answers."""

import numpy as np
import pandas as pd

from study import one_group
from study.small import plan, write
from takeup.build.reconcile import reconcile
from takeup.study import open_study


def rewritten(folder, name, change):
    path = folder / "data" / f"{name}.csv"
    table = change(pd.read_csv(path, dtype=str, keep_default_na=False))
    table.to_csv(path, index=False)


def without(column, share, seed):
    return lambda table: table.assign(**{column: table[column].where(np.random.default_rng(seed).random(len(table)) >= share, "")})


def test_blocks_that_lose_an_arm_are_told_in_families_and_profiles(tmp_path):
    few = {"outcomes": plan()["outcomes"][:3], "analyses": {**plan()["analyses"], "draws": 99, "families": {}, "balance": ["age", "home"]},
           "languages": ["en"]}
    path = write(tmp_path, n=72, changed=few)
    rewritten(tmp_path, "units", without("age", 0.7, 1))
    rewritten(tmp_path, "units", without("came", 0.5, 2))
    study = open_study(path)
    sections = study.sections()
    reconcile(study.material, sections)
    assert any(item.extra.get("n_left_out") for item in sections["compliance"] if item.provenance.id.startswith("complier."))
    left = {item.outcome: item.extra.get("n_left_out") for item in sections["effects"] if item.provenance.id.startswith("effect.")}
    for item in sections["effects"]:
        if item.provenance.id.startswith("family.") and not item.arm:
            assert item.extra.get("n_left_out") == left[item.outcome]


def test_a_group_of_which_the_centre_or_the_second_answer_isnt_known(tmp_path):
    made = one_group.plan()
    made["analyses"]["draws"] = 99
    path = one_group.write(tmp_path, made)
    rewritten(tmp_path, "people", without("town", 0.1, 3))
    rewritten(tmp_path, "people", without("age", 0.5, 4))
    rewritten(tmp_path, "baseline", without("trust", 0.2, 5))
    rewritten(tmp_path, "baseline", without("q1", 0.6, 6))
    rewritten(tmp_path, "endline", without("doctor", 0.4, 7))
    study = open_study(path)
    reconcile(study.material, study.sections())
