"""Lines are broken where measuring every one of them would break them."""

import subprocess
import sys

import pytest

from takeup.present.style import text_width, wrapped

TEXTS = (
    ("De begeleiding begon met een huisbezoek en een verkenning van alle rechten waarop het gezin aanspraak kon maken, van de verhoogde "
     "tegemoetkoming tot de huurpremie, en eindigde met een warme overdracht aan het OCMW."),
    "L'accompagnement commençait par une visite à domicile : 12\u00a0% des familles, « souvent » (intervalle de confiance à 95 % : −1,2 à 3,4).",
    "a bc def ghij WWWWWWWWWW iiiiiiiiii llllllll MMMMM 0123456789 − – — “x” ‘y’",
    "Arbeidsongeschiktheidsverzekering", "",
)


def measured(text: str, width: float, size: float, bold: bool) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_the_short_way_breaks_lines_as_the_long_one_does(text, bold):
    for width in (0.3, 0.75, 1.4, 2.2, 3.6, 6.9, 20.0):
        for size in (5.8, 7.0, 8.6, 10.5, 18.0):
            assert wrapped(text, width, size, bold=bold) == measured(text, width, size, bold)


@pytest.mark.skipif(sys.platform != "linux", reason="fork")
def test_processes_forked_from_one_that_has_measured_read_letters_of_their_own():
    """In a process of its own: this one may have threads."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", FORKED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[0, 0, 0, 0]\n"), done.stderr


FORKED = """
import os
from takeup.present import style
style.text_width("abc")
children = []
for _ in range(4):
    child = os.fork()
    if not child:
        for number in range(1500):
            style._letter.__wrapped__(chr(33 + number * 7 % 90), False)
        os._exit(0)
    children.append(child)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""
