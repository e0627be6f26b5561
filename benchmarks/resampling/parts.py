"""How far the engine is from the sum of its own parts measured hot, and from an ideal machine; how time grows; one whole trial."""

from __future__ import annotations

import statistics
from time import process_time

import data
import numpy as np

import takeup as tu
from takeup.design.assign import chunk_size, layout, plane
from takeup.design.scheme import scheme
from takeup.infer.batch import Batch, Scratch, batch_width
from takeup.infer.executor import one_blas_thread
from takeup.infer.null import null_distribution
from takeup.infer.statistics import Group, columns, statistic
from takeup.infer.trial import trial_null


def hot(work, least=0.15):
    """Median seconds of a call, warmed up."""
    work()
    times = []
    while sum(times) < least or len(times) < 5:
        begun = process_time()
        work()
        times.append(process_time() - begun)
    return statistics.median(times)


def pieces(n, k, *, studentized):
    """(engine, sum of parts, ideal) in ns per unit and draw, for one pass over 8,192 draws."""
    from takeup.estimate.arrays import arrays

    frame, outcomes, covariates = data.units(n, k)
    found = scheme(frame, data.UNITS)
    place = layout(found)
    arrays_ = [arrays(frame, name, data.UNITS, covariates=covariates) for name in outcomes]
    group = Group(data=arrays_[0], positions=tuple(range(k)), y=np.column_stack([one.y for one in arrays_]), dose=arrays_[0].treated)
    made = statistic(group, columns(group, interval=False).values, data.UNITS, "ancova", found, place, studentized=studentized)
    draws = 8 * chunk_size(found, place.n_slots) - 1
    cells = n * (draws + 1)
    with one_blas_thread():
        engine = hot(lambda: null_distribution(found, place, (made,), draws=draws, seed=0)) / cells
        size, width = chunk_size(found, place.n_slots), batch_width(place.n_slots)
        bits = plane(found, place, 0, 0)
        drawing = hot(lambda: plane(found, place, 0, 0)) / (n * size)
        scratch = Scratch()
        unpack = hot(lambda: [Batch(bits[:, :width], scratch).cells(piece.panel) for piece in made.pieces]) / (n * width)
        rng = np.random.default_rng(0)
        length = max(piece.panel.size for piece in made.pieces)
        a, b, c, d = (rng.random((length, width)) for _ in range(4))
        left = [rng.random((rows, length)) for rows in (made.columns + made.p, made.columns + 1, made.columns)]
        tall = rng.random((length, made.p + 1)), rng.random((made.p + 1, width)), rng.random((length, 2)), rng.random((2, width))
        total = drawing + unpack + hot(lambda: left[0] @ a) / (length * width)
        if studentized:
            def passes():
                np.matmul(tall[0], tall[1], out=b)
                np.subtract(a, b, out=b)
                np.multiply(b, b, out=c)
                np.matmul(tall[2], tall[3], out=d)
                np.subtract(d, c, out=d)
                d.min()
                np.divide(c, d, out=c)
                np.multiply(c, b, out=d)

            total += unpack + (hot(passes) + hot(lambda: (left[1] @ c, left[2] @ d))) / (length * width)
        big = rng.random((512, 512))
        flop = hot(lambda: big @ big) / (2 * 512**3)
        source = np.random.SFC64(1)
        word = hot(lambda: source.random_raw(100_000)) / 100_000
        rows = made.columns + made.p + (made.columns * 2 + 2 + made.p if studentized else 0)
    return engine * 1e9, total * 1e9, (word / 64 + 2 * rows * flop) * 1e9


def interval_cost():
    """Seconds of a draws pass without and with what intervals need, and of one search, n = 1,000, 12 outcomes, 9,999 draws."""
    frame, outcomes, covariates = data.units(1000, 12)

    def run(interval):
        return trial_null(frame, outcomes, data.UNITS, covariates=covariates, method="ancova", studentized=True, draws=9999, seed=0,
                          interval=interval, null=0.0, arm=None, backend=None)

    without, with_ = hot(lambda: run(False), 0.5), hot(lambda: run(True), 0.5)
    whole = hot(lambda: tu.randomization_test(frame, outcomes, data.UNITS, covariates=covariates, draws=9999, interval=True), 0.5)
    return without, with_, max(whole - with_, 0.0) / len(outcomes)


def growth():
    """Seconds for other n, outcomes, draws and clusters, around n = 1,000, 12 outcomes, 9,999 draws."""

    def run(n=1000, k=12, draws=9_999):
        frame, outcomes, covariates = data.units(n, k)
        return hot(lambda: tu.randomization_test(frame, outcomes, data.UNITS, covariates=covariates, draws=draws), 0.2)

    def clustered(groups):
        frame, outcomes, covariates = data.clusters(groups, 10_000, 12)
        return hot(lambda: tu.randomization_test(frame, outcomes, data.CLUSTERS, covariates=covariates, draws=9_999), 0.2)

    return {
        "people (n)": [(n, run(n=n)) for n in (100, 1000, 10_000)], "outcomes (k)": [(k, run(k=k)) for k in (1, 12, 100)],
        "draws": [(draws, run(draws=draws)) for draws in (999, 9_999, 99_999)],
        "clusters of 10,000 people": [(groups, clustered(groups)) for groups in (20, 100, 500)],
    }


