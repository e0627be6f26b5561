"""Registers from files, databases, engines and frames; links in counts; no key or value in any message; a real PostgreSQL server where installed."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import IntakeError
from takeup.intake.register import Register, link, open_register

ibis = pytest.importorskip("ibis")
duckdb = pytest.importorskip("duckdb")

DESIGN = tu.Design("arm", 0, draw="clustered", clusters="town")


def people(n=400, seed=2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"person": [f"{code:06x}" for code in rng.permutation(16**5)[:n]], "town": np.sort(rng.integers(0, 20, n))})
    return frame.assign(arm=frame["town"] % 2, age=rng.normal(40, 10, n).round(1), months=rng.poisson(4, n) + 0.5 * (frame["town"] % 2))


@pytest.fixture(scope="module")
def frame():
    return people()


@pytest.fixture(scope="module")
def expected(frame):
    return tu.ancova(frame, "months", DESIGN, covariates=["age"])


def agrees(found, expected):
    assert found.n == expected.n
    numbers = [[getattr(one, name) for name in ("estimate", "std_error", "df", "p_value")] for one in (found, expected)]
    np.testing.assert_allclose(*numbers, rtol=1e-9)


@pytest.fixture(scope="module")
def places(frame, tmp_path_factory):
    """The same table in every kind of file."""
    folder = tmp_path_factory.mktemp("registers")
    connection = duckdb.connect()
    made = {"parquet": folder / "people.parquet", "csv": folder / "people's.csv", "folder": folder / "many", "pattern": folder / "many" / "*.parquet"}
    made["folder"].mkdir()
    frame.to_csv(made["csv"], index=False)
    connection.register("people", frame)
    connection.execute("COPY people TO '" + str(made["parquet"]) + "' (FORMAT parquet)")
    for side in (0, 1):
        connection.execute(f"COPY (FROM people WHERE arm = {side}) TO '{made['folder'] / f'arm{side}.parquet'}' (FORMAT parquet)")
    made["database"] = folder / "people.duckdb"
    with duckdb.connect(str(made["database"])) as database:
        database.register("frame", frame)
        database.execute("CREATE SCHEMA social; CREATE TABLE social.people AS FROM frame; CREATE TABLE people AS FROM frame")
    return made


@pytest.mark.parametrize("kind", ["parquet", "csv", "folder", "pattern"])
def test_files(places, expected, kind):
    agrees(tu.from_register(places[kind], "months", DESIGN, covariates=["age"]), expected)


@pytest.mark.parametrize("table", ["people", "social.people"])
def test_a_table_of_a_duckdb_file(places, expected, table):
    agrees(tu.from_register(places["database"], "months", DESIGN, covariates=["age"], table=table), expected)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ibis and DuckDB to each other, in the calls that this test makes itself
def test_connection_string_backend_and_expression(places, expected):
    agrees(tu.from_register(f"duckdb://{places['database']}?read_only=True", "months", DESIGN, covariates=["age"], table="people"), expected)
    backend = ibis.duckdb.connect()
    table = backend.read_parquet(str(places["parquet"]), table_name="mine")
    agrees(tu.from_register(backend, "months", DESIGN, covariates=["age"], table="mine"), expected)
    agrees(tu.from_register(table, "months", DESIGN, covariates=["age"]), expected)
    doubled = table.mutate(months=table.months * 2)
    np.testing.assert_allclose(tu.from_register(doubled, "months", DESIGN, covariates=["age"]).estimate, 2 * expected.estimate, rtol=1e-9)


def test_another_engine(frame, expected, tmp_path):
    """SQLite through Ibis: sums by cluster come from any engine."""
    import sqlite3

    path = tmp_path / "people.sqlite"
    with sqlite3.connect(path) as connection:
        frame.to_sql("people", connection, index=False)
    connection.close()
    found = tu.from_register(f"sqlite://{path}", "months", DESIGN, covariates=["age"], table="people")
    agrees(found, expected)
    by_row = tu.Design("arm", 0)
    agrees(tu.from_register(f"sqlite://{path}", "months", by_row, covariates=["age"], table="people"),
           tu.ancova(frame, "months", by_row, covariates=["age"]))


def register_of(frame) -> pd.DataFrame:
    """Most people, some of them twice, and as many strangers."""
    known = frame.loc[frame.index % 4 != 0, ["person", "months"]]
    twice = known.iloc[:30].assign(months=1.0)
    strangers = pd.DataFrame({"person": [f"z{code}" for code in range(200)], "months": 9.0})
    return pd.concat([known, twice, strangers]).sample(frac=1, random_state=1)


def by_hand(frame, register, absent):
    sums = register.groupby("person")["months"].sum()
    months = frame["person"].map(sums)
    return frame.assign(months=months if absent is None else months.fillna(absent))


@pytest.mark.parametrize("absent", [None, 0.0])
def test_links(frame, absent, tmp_path):
    register, units = register_of(frame), frame.drop(columns="months")
    expected = tu.ancova(by_hand(frame, register, absent), "months", DESIGN, covariates=["age"])
    options = {"covariates": ["age"], "key": "person", "several": "sum", "absent": absent}
    found = tu.from_register(register, "months", DESIGN, units=units, **options)
    agrees(found, expected)
    assert found.n_missing == expected.n_missing
    for arm in (0, 1):
        mine = units["person"][units["arm"] == arm]
        rows = register["person"].value_counts().reindex(mine).fillna(0)
        counts = [found.extra[f"{name}.{arm}"] for name in ("units", "matched", "unmatched", "duplicated")]
        assert counts == [len(mine), (rows > 0).sum(), (rows == 0).sum(), (rows > 1).sum()]
    register.rename(columns={"person": "pseudonym"}).to_csv(tmp_path / "register.csv", index=False)
    units.to_csv(tmp_path / "units.csv", index=False)
    options["key"] = ("person", "pseudonym")
    agrees(tu.from_register(tmp_path / "register.csv", "months", DESIGN, units=tmp_path / "units.csv", **options), expected)


def test_the_report_counts_and_holds_no_key(frame):
    register, units = register_of(frame), frame.drop(columns="months")
    units.loc[3, "person"] = None
    report = link(units, register, "months", "arm", "person", several="max").report
    assert report.rows == len(register)
    assert report.rows_linked == register["person"].isin(units["person"]).sum()
    assert report.without_key == 1
    assert list(report.to_frame()["arm"]) == ["0", "1"]
    assert not any(person in repr(report) for person in frame["person"])


def test_what_can_not_be_linked(frame):
    register, units = register_of(frame), frame.drop(columns="months")
    with pytest.raises(IntakeError, match="30 units have several rows"):
        link(units, register, "months", "arm", "person")
    with pytest.raises(IntakeError, match="1 units have a key that another unit has too") as caught:
        link(pd.concat([units, units.iloc[:1]]), register, "months", "arm", "person", several="sum")
    assert units["person"][0] not in str(caught.value)
    with pytest.raises(IntakeError, match="text among the units and whole numbers in the register"):
        link(units, register.assign(person=1), "months", "arm", "person")
    with pytest.raises(IntakeError, match="stands in the units too"):
        link(frame, register, "months", "arm", "person")
    with pytest.raises(IntakeError) as caught:
        link(units, register, "month", "arms", "person")
    assert len(caught.value.faults) == 2


def test_sources_that_are_none(tmp_path, places):
    (tmp_path / "broken.parquet").write_bytes(b"secret, not parquet")
    sources = (
        (tmp_path / "none.csv", "no such file"), (tmp_path / "broken.parquet", "can't be read as Parquet"), (3, "isn't a register"),
        ("nosuchengine://user:password@host/base", "can't be reached"), (places["database"], "several tables"),
    )
    for source, words in sources:
        with pytest.raises(IntakeError, match=words) as caught:
            open_register(source)
        assert "password" not in str(caught.value)
        assert "secret" not in str(caught.value)
    with pytest.raises(IntakeError, match='no table "peopel"'):
        open_register(places["database"], "peopel")


def test_the_extra_is_named_where_it_is_absent(monkeypatch, frame):
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(IntakeError, match=r"takeup\[registers\]"):
        open_register(frame)


def test_a_driver_that_is_absent_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "ibis.backends.postgres", raising=False)
    with pytest.raises(IntakeError, match=r"driver isn't installed \(psycopg\).*takeup\[postgres\]"):
        open_register("postgres://nobody@localhost/nowhere", "people")


BIN = next((path for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True) if (path / "initdb").exists()), None)
INITDB = shutil.which("initdb") or (BIN and str(BIN / "initdb"))


@pytest.fixture(scope="module")
def server(frame):
    """A PostgreSQL server of its own, with the people in it; yields its port."""
    if not INITDB:
        pytest.skip("PostgreSQL isn't installed")
    tools = Path(INITDB).resolve().parent
    user = {"user": "postgres"} if os.name == "posix" and os.geteuid() == 0 else {}  # the server refuses to be run by root
    folder = Path(tempfile.mkdtemp(prefix="takeup-pg-"))
    if user:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*words):
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **user)

    run(tools / "initdb", "-D", folder / "data", "-U", "takeup", "-A", "trust", "-E", "UTF8", "--no-sync")
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    run(tools / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", settings, "start")
    try:
        create = "CREATE TABLE people (person text, town bigint, arm bigint, age double precision, months double precision)"
        psql(port, create)
        psql(port, "\\copy people from pstdin csv header", frame.to_csv(index=False))
        yield port
    finally:
        run(tools / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def psql(port, command, text=None) -> str:
    words = [shutil.which("psql") or str(Path(INITDB).resolve().parent / "psql"), "-X", "-q", "--csv", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
             "-p", str(port), "-U", "takeup", "-d", "postgres", "-c", command]
    return subprocess.run(words, check=True, capture_output=True, text=True, input=text).stdout


def test_the_queries_run_on_postgresql(server, frame, expected, monkeypatch):
    """What Ibis writes for PostgreSQL, run on a real server by psql: this shows the queries, not the driver."""
    schema = {"person": "string", "town": "int64", "arm": "int64", "age": "float64", "months": "float64"}
    register = Register(table=ibis.table(schema, name="people"), engine="postgres")
    asked = []

    def by_psql(expression):
        asked.append(str(ibis.to_sql(expression, dialect="postgres")))
        return pd.read_csv(io.StringIO(psql(server, asked[-1])))

    monkeypatch.setattr("takeup.estimate.sums.work_out", by_psql)
    agrees(tu.from_register(register, "months", DESIGN, covariates=["age"]), expected)
    assert len(asked) == 2
    by_row = tu.Design("arm", 0)
    agrees(tu.from_register(register, "months", by_row, covariates=["age"]), tu.ancova(frame, "months", by_row, covariates=["age"]))
    assert len(asked) == 5


def test_postgresql_by_connection_string(server, frame, expected):
    pytest.importorskip("psycopg", reason="the driver that Ibis reads PostgreSQL with isn't installed")
    url = f"postgres://takeup@127.0.0.1:{server}/postgres"
    agrees(tu.from_register(url, "months", DESIGN, covariates=["age"], table="people"), expected)
    drawn = tu.Design("arm", 0, draw="clustered", clusters="town")
    here = tu.register_randomization_test(frame, "months", drawn, draws=200, seed=1)
    assert tu.register_randomization_test(url, "months", drawn, draws=200, seed=1, table="people").p_value == here.p_value
    found = tu.from_register(url, "months", DESIGN, covariates=["age"], table="people", units=frame.drop(columns="months"), key="person")
    agrees(found, expected)
    held = open_register(url, "people").table
    band, took = (held.town % 4) // 2, held.months >= 4  # blocks and take-up worked out in the engine
    here = frame.assign(band=frame["town"] % 4 // 2, took=(frame["months"] >= 4).astype(int))
    blocked = tu.Design("arm", 0, draw="blocked_clustered", blocks="band", clusters="town")
    agrees(tu.from_register(held.mutate(band=band), "months", blocked), tu.difference_in_means(here, "months", blocked))
    for scale in ("difference", "ratio"):
        agrees(tu.from_register(held.mutate(took=took), "took", DESIGN, method="binary", scale=scale), tu.binary(here, "took", DESIGN, scale=scale))
    held.get_backend().disconnect()
