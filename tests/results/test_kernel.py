"""In a real kernel: names complete, long work shows a bar that leaves nothing behind, and nothing is written on stderr."""

from __future__ import annotations

import warnings

import pytest
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning", "ignore:Kernel is running over TCP")

SET_UP = """
import time
import takeup as tu
from takeup.infer.executor import Meter
from takeup.progress import steps
one = tu.Estimate(outcome="wellbeing", term="offer", estimate=1.0, conf_low=0.5, conf_high=1.5)
many = tu.ResultSet((one,))
"""
STEPS = """
print("before")
with steps(3) as begin:
    begin("reading")
    time.sleep({seconds})
    begin("estimating")
print("after")
"""
METER = """
with Meter("draws", 4, 100) as meter:
    for _ in range(4):
        time.sleep(0.6)
        meter.add(1)
"""


class Kernel:
    """A kernel and what came out of its cells."""

    def __init__(self, client) -> None:
        self.client = client

    def run(self, code: str) -> list[dict]:
        """The messages of a cell that has run to its end."""
        seen: list[dict] = []
        reply = self.client.execute_interactive(code, timeout=60, output_hook=seen.append)
        assert reply["content"]["status"] == "ok", reply["content"]
        return [message for message in seen if message["msg_type"] not in {"status", "execute_input"}]

    def complete(self, code: str) -> list[str]:
        """What the Tab key offers."""
        return self.client.complete(code, reply=True, timeout=30)["content"]["matches"]


@pytest.fixture(scope="module")
def kernel():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        manager, client = start_new_kernel(startup_timeout=120)
        found = Kernel(client)
        found.run(SET_UP)
        yield found
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(("code", "name"), [("tu.anc", "ancova"), ("tu.open_", "open_study"), ("one.conf_", "conf_low"), ("many['", "wellbeing"),
                                            ("many.", "plot"), ("tu.ancova(fra", "frame=")])
def test_names_complete(kernel, code, name):
    assert name in {match.rpartition(".")[2] for match in kernel.complete(code)}


def test_no_name_of_the_inside_is_offered(kernel):
    assert not [name for name in kernel.complete("tu.") if name.rpartition(".")[2] in {"import_module", "annotations", "Any"}]


def test_short_work_shows_no_bar(kernel):
    assert [message["msg_type"] for message in kernel.run(STEPS.format(seconds=0))] == ["stream"]


def test_long_work_shows_a_bar_in_its_own_place_and_takes_it_away(kernel):
    seen = kernel.run(STEPS.format(seconds=1.2))
    assert not [message for message in seen if message["content"].get("name") == "stderr"]
    bars = [message["content"] for message in seen if "display" in message["msg_type"]]
    assert "1 of 3: estimating" in bars[0]["data"]["text/plain"]
    assert '<progress max="3" value="1">' in bars[0]["data"]["text/html"]
    assert bars[-1]["data"] == {"text/plain": ""}
    assert len({bar["transient"]["display_id"] for bar in bars}) == 1


def test_the_engine_counts_draws(kernel):
    seen = kernel.run(METER)
    texts = [message["content"]["data"]["text/plain"] for message in seen if "display" in message["msg_type"]]
    assert texts[0].startswith("200 of 400: ")
    assert "draws a second" in texts[0]
    assert texts[-1] == ""


def test_a_result_is_shown_as_a_table_and_a_figure(kernel):
    (table,) = kernel.run("many")
    assert "<caption>Estimate</caption>" in table["content"]["data"]["text/html"]
    assert any("image/png" in message["content"].get("data", {}) for message in kernel.run("many.plot()"))
