"""What everybody waits for: importing takeup and asking for help."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGETS = {"importing": 0.1, "help_text": 0.4}


def importing() -> Callable[[], object]:
    """A fresh interpreter that imports takeup."""
    return partial(subprocess.run, [sys.executable, "-c", "import takeup"], check=True)


def help_text() -> Callable[[], object]:
    """`takeup --help`."""
    code = "from takeup.cli import main; main(['--help'])"
    return partial(subprocess.run, [sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
