"""The same bits whoever does the work, and a clean stop."""

import io
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import InferError
from takeup.infer import executor

RNG = np.random.default_rng(0)
N = 3000
TRIAL = pd.DataFrame({"arm": RNG.permutation(np.repeat([0, 1], N // 2)), "x": RNG.normal(size=N), "y": RNG.exponential(size=N),
                      "z": RNG.normal(size=N)})
TRIAL.loc[::7, "z"] = np.nan


def run(**more):
    return tu.randomization_test(TRIAL, ["y", "z"], tu.Design("arm", 0), covariates=["x"], draws=1500, seed=4, interval=True, **more)


@pytest.fixture(scope="module")
def alone():
    return run()


def same(first, second):
    for name in ("p_value", "statistic", "conf_low", "conf_high"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_threads_change_nothing(alone):
    with ThreadPoolExecutor(3) as pool:
        same(run(backend=pool), alone)


def test_processes_change_nothing(alone):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        same(run(backend=pool), alone)


def test_processes_of_our_own_change_nothing(alone, monkeypatch):
    monkeypatch.setattr(executor, "PAYS_AFTER", 0.0)
    monkeypatch.setattr(executor, "_cores", lambda: 2)
    same(run(), alone)


def test_a_dask_cluster_changes_nothing(alone):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        same(run(backend=client.get_executor()), alone)


def test_what_is_no_executor_is_refused():
    with pytest.raises(InferError, match=r"client\.get_executor"):
        run(backend=4)


def test_a_fault_in_a_worker_comes_back():
    def work(shared, first, last):
        raise ZeroDivisionError(shared)

    with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError, match="here"):
        executor.spread(work, "here", 5, backend=pool, label="draws", per_item=1)


def test_an_interrupt_says_how_far_it_came():
    def work(shared, first, last):
        if first == 3:
            raise KeyboardInterrupt
        return first

    with pytest.raises(KeyboardInterrupt, match=r"Stopped after 300 of 1,000 draws; nothing was kept\."):
        executor.spread(work, None, 10, backend=None, label="draws", per_item=100)


def test_items_keep_their_order():
    with ThreadPoolExecutor(3) as pool:
        found = executor.spread(lambda _, first, last: list(range(first, last)), None, 100, backend=pool, label="draws", per_item=1)
    assert [item for part in found for item in part] == list(range(100))


@pytest.mark.slow
def test_a_script_without_a_main_guard_runs_once(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent("""
        import numpy as np, pandas as pd, takeup as tu
        from takeup.infer import executor
        print("once")
        executor.PAYS_AFTER, executor._cores = 0.0, lambda: 2
        rng = np.random.default_rng(0)
        frame = pd.DataFrame({"arm": rng.permutation([0, 1] * 1000), "y": rng.normal(size=2000)})
        print(tu.randomization_test(frame, "y", tu.Design("arm", 0), draws=2000).draws)
    """), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["once", "2000"]


def test_a_long_job_shows_its_rate_on_a_terminal_only(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(executor, "SHOW_AFTER", 0.0)
    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with executor.Meter("draws", 4, 100) as meter:
            for _ in range(3):
                meter.add(1)
        assert ("draws a second" in stream.getvalue()) is shown
