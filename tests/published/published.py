"""Write (or check) the table of published results in `docs/evidence/published.md`: what was printed, and what the same call gives on the data.

Run from the repository: ``python tests/published/published.py`` writes, ``--check`` fails when the table is out of date.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import numpy as np  # noqa: E402  # after the path above, as the next ones

import takeup as tu  # noqa: E402
from parity.oracle import frame  # noqa: E402
from takeup.estimate.sensitivity import e_value, robustness_value  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandas import DataFrame

PAGE = HERE.parent.parent / "docs" / "evidence" / "published.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One printed number, with `digits` after the point, and the call that must give it."""

    what: str
    printed: float
    digits: int
    call: Callable[[], float]
    text: str
    source: str

    def ours(self) -> float:
        """The number on the data."""
        return float(self.call())

    def agrees(self) -> bool:
        """Whether it is the printed one, to the digits printed."""
        return round(self.ours(), self.digits) == self.printed


def nsw() -> DataFrame:
    """The National Supported Work demonstration, men, as in Dehejia and Wahba."""
    return frame("nsw_dw")


def star() -> DataFrame:
    """Kindergarten of Project STAR, with a score."""
    return frame("star_k").assign(score=lambda one: one["readk"] + one["mathk"]).dropna(subset="score")


def classes(arm: str, other: str) -> object:
    """Effect of a class type in a regression with both, heteroscedastic standard errors."""
    return tu.ancova(star(), "score", tu.Design(arm, 0), covariates=[other], se_type="HC1")


def thornton() -> object:
    """Any incentive on learning one's HIV result."""
    return tu.binary(frame("thornton"), "got", tu.Design("any", 0, clusters="villnum"))


def maize() -> DataFrame:
    """Darwin's plants, in eighths of an inch."""
    long = frame("zeamays").melt(id_vars="pair", value_vars=["cross", "self"], var_name="arm", value_name="height")
    return long.assign(height=8 * long["height"])


PAIRS = tu.Design("arm", "self", draw="pairs", blocks="pair")


def vaccine(**how: object) -> object:
    """Thirteen trials of BCG vaccine, log risk ratios."""
    data = frame("bcg")
    y = np.log(data["tb_vacc"] / data["n_vacc"] / (data["tb_ctrl"] / data["n_ctrl"]))
    v = 1 / data["tb_vacc"] - 1 / data["n_vacc"] + 1 / data["tb_ctrl"] - 1 / data["n_ctrl"]
    return tu.meta(list(zip(y, np.sqrt(v), strict=True)), adjust=None, **how)


def mediation(place: int) -> float:
    """Average mediation, direct and total effect of the JOBS II seminar on depression through job-search self-efficacy."""
    found = tu.mediate(frame("jobs2"), "depress2", "job_seek", tu.Design("treat", 0), covariates=["econ_hard", "sex", "age"])
    return found[place].estimate


DW = "Dehejia and Wahba (1999), JASA 94: experimental estimate for their sample"
SW = "Stock and Watson, Introduction to Econometrics, table 13.1"
TH = "Thornton (2008), American Economic Review 98"
FI = "Fisher (1935), The Design of Experiments, sections 17 and 21"
MF = "documentation of the R package metafor, data of Colditz and others (1994)"
TY = "Tingley and others (2014), Journal of Statistical Software 59(5), section 3.1 (simulated there, to about the last digit)"

CASES = (
    Published(what="NSW: training on earnings in 1978 (dollars)", printed=1794, digits=0, source=DW, text='difference_in_means(nsw, "re78", design)',
              call=lambda: tu.difference_in_means(nsw(), "re78", tu.Design("treat", 0)).estimate),
    Published(what="NSW: its standard error", printed=633, digits=0, source=DW, text='ancova(nsw, "re78", design, se_type="classical")',
              call=lambda: tu.ancova(nsw(), "re78", tu.Design("treat", 0), se_type="classical").std_error),
    Published(what="STAR: small class, kindergarten score", printed=13.90, digits=2, source=SW, call=lambda: classes("small", "aide").estimate,
              text='ancova(star, "score", Design("small", 0), covariates=["aide"], se_type="HC1")'),
    Published(what="STAR: its standard error", printed=2.45, digits=2, source=SW, call=lambda: classes("small", "aide").std_error, text="the same"),
    Published(what="STAR: regular class with aide", printed=0.31, digits=2, source=SW, call=lambda: classes("aide", "small").estimate,
              text='ancova(star, "score", Design("aide", 0), covariates=["small"], se_type="HC1")'),
    Published(what="STAR: its standard error", printed=2.27, digits=2, source=SW, call=lambda: classes("aide", "small").std_error, text="the same"),
    Published(what="Thornton: learned the result without incentive", printed=0.34, digits=2, source=TH,
              call=lambda: thornton().extra["risk_control"], text='binary(thornton, "got", design).extra["risk_control"]'),
    Published(what="Thornton: more with any incentive", printed=0.45, digits=2, source=TH, call=lambda: thornton().estimate,
              text='binary(thornton, "got", design)'),
    Published(what="Darwin's maize: t of the paired differences", printed=2.148, digits=3, source=FI,
              call=lambda: tu.difference_in_means(maize(), "height", PAIRS).statistic, text='difference_in_means(maize, "height", pairs)'),
    Published(what="Darwin's maize: assignments of 32,768 with as large a sum, one tail", printed=863, digits=0, source=FI,
              call=lambda: 32768 * tu.randomization_test(maize(), "height", PAIRS, method="difference_in_means", statistic="estimate",
                                                         alternative="greater", draws=40_000).p_value,
              text='randomization_test(maize, "height", pairs, alternative="greater")'),
    Published(what="BCG: REML mean log risk ratio", printed=-0.7145, digits=4, source=MF, call=lambda: vaccine().estimate, text="meta(trials)"),
    Published(what="BCG: its standard error", printed=0.1798, digits=4, source=MF, call=lambda: vaccine().std_error, text="the same"),
    Published(what="BCG: variance between trials", printed=0.3132, digits=4, source=MF, call=lambda: vaccine().extra["tau2"], text="the same"),
    Published(what="BCG: DerSimonian-Laird mean", printed=-0.7141, digits=4, source=MF, call=lambda: vaccine(method="DL").estimate,
              text='meta(trials, method="DL")'),
    Published(what="JOBS II: through job-search self-efficacy", printed=-0.016, digits=3, source=TY, call=lambda: mediation(0),
              text='mediate(jobs2, "depress2", "job_seek", design, covariates=["econ_hard", "sex", "age"])'),
    Published(what="JOBS II: directly", printed=-0.04, digits=2, source=TY, call=lambda: mediation(1), text="the same"),
    Published(what="JOBS II: in total", printed=-0.056, digits=3, source=TY, call=lambda: mediation(2), text="the same"),
    Published(what="People per arm for half a standard deviation", printed=64, digits=0, source="Cohen (1992), Psychological Bulletin 112, table 2",
              call=lambda: tu.sample_size(0.5).n_whole / 2, text="sample_size(0.5)"),
    Published(what="E-value of a risk ratio of 3.9", printed=7.26, digits=2, call=lambda: e_value(3.9), text="e_value(3.9)",
              source="VanderWeele and Ding (2017), Annals of Internal Medicine 167"),
    Published(what="Darfur: robustness value", printed=0.139, digits=3, call=lambda: robustness_value(4.18, 783), text="robustness_value(4.18, 783)",
              source="Cinelli and Hazlett (2020), JRSS B 82, table 1"),
)

HEADER = """# Published results

Made by `tests/published/published.py`; do not edit. Each row is a number printed in an article or a manual, and the number that the call gives
on the trial's data in `tests/parity/data` (the README there says where they come from). They agree when ours, rounded to the digits printed, is
the printed one; a test keeps it so. The values that were computed in R for comparison, to many more digits, are in `parity.md`.

Lin's (2013) and Freedman's (2008) tables rest on data that aren't at hand, so they are not here; `lin` is held against R's estimatr in
`parity.md`. Krueger's (1999) percentile scores need a test that isn't in the file at hand.

| result | printed | here | call | source |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    rows = [f"| {one.what} | {one.printed:.{one.digits}f} | {one.ours():.{one.digits + 2}f} | `{one.text}` | {one.source} |\n" for one in CASES]
    return HEADER + "".join(rows)


if __name__ == "__main__":
    text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit("docs/evidence/published.md is out of date: run python tests/published/published.py")
    else:
        PAGE.write_text(text, encoding="utf-8")
