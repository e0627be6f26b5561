"""A real Chromium driven by Playwright; the tests skip, and say why, where one of the two is absent."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
MISSING = ", ".join(name for name, there in (
    ("Chromium", CHROMIUM), ("playwright", find_spec("playwright")), ("axe-playwright-python", find_spec("axe_playwright_python")),
) if not there)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@contextmanager
def browser() -> Iterator[Any]:
    """A running browser, closed afterwards."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def opened(running: Any, path: Path, *, fragment: str = "", width: int = 1280, height: int = 900, **options: Any) -> Iterator[Any]:
    """A page in a context of its own. It fails the test where the page asked for something or complained."""
    context = running.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url[:80]))
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        page.goto(path.as_uri() + fragment)
        yield page
        assert not said
        assert all(url.startswith(("file:", "data:")) for url in asked)
    finally:
        context.close()


def violations(page: Any) -> list[str]:
    """What axe-core finds wrong, all its rules asked: the rule, the element and what to do."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{item['id']}: {node['html'][:160]} | {node['failureSummary'][:300]}" for item in found for node in item["nodes"]]
