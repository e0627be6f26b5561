"""The documentation as a site: it is built without a warning, every link in it leads somewhere, and it asks nothing of any other machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

import takeup
from house.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("sphinx")
pytest.importorskip("furo")
pytest.importorskip("myst_parser")

NO_NETWORK = """
import socket, sys
def refused(*_args, **_kwargs):
    raise OSError("the site is built without a network")
socket.socket.connect = refused
socket.getaddrinfo = refused
from sphinx.cmd.build import main
sys.exit(main(sys.argv[1:]))
"""
"""Sphinx, in a process in which nothing can be reached."""
FETCHED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("object", "data")}


class Page(HTMLParser):
    """The links, the anchors and what a page loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if (tag, name) == ("a", "href") and value:
                self.links.append(value)
            if (tag, name) in FETCHED and value:
                self.loads.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    arguments = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(folder / "trees"), str(ROOT / "docs"), str(folder / "html")]
    done = subprocess.run([sys.executable, "-c", NO_NETWORK, *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, "http_proxy": "", "https_proxy": ""})
    if done.returncode:
        pytest.fail(done.stderr[-1500:], pytrace=False)
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def test_every_internal_link_and_anchor_exists(pages: dict[Path, Page]) -> None:
    broken = []
    for path, page in pages.items():
        for link in page.links:
            if "://" in link or link.startswith("mailto:"):
                continue
            target, _, anchor = link.partition("#")
            file = (path.parent / unquote(target)).resolve() if target else path
            if not file.exists() or (anchor and file in pages and unquote(anchor) not in pages[file].anchors):
                broken.append((path.name, link))
    assert not broken


def test_a_page_loads_nothing_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    assert not [(path.name, what) for path, page in pages.items() for what in page.loads if re.match(r"(https?:)?//", what)]
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert not [found for text in styles for found in re.findall(r"(?:@import|url\()\s*['\"]?(?:https?:)?//[^)'\"]+", text)]


def test_formulas_are_marked_up_and_drawn_by_the_browser_itself(site: Path) -> None:
    text = (site / "methods" / "estimators.html").read_text(encoding="utf-8")
    assert text.count("<math") > 30
    assert "mathjax.js" not in text.lower()
    assert "$$" not in text


def test_every_public_name_has_an_entry_with_its_example(site: Path) -> None:
    reference = "".join(path.read_text(encoding="utf-8") for path in sorted((site / "reference").glob("*.html")))
    names = [name for name in takeup.__all__ if name != "__version__"]
    assert not [name for name in names if f">takeup.{name}<" not in reference.replace("</span>", "").replace('<span class="pre">', "")]
    assert reference.count("&gt;&gt;&gt; </span>") > len(names)


def test_every_guide_is_reached_from_the_front_page(site: Path, pages: dict[Path, Page]) -> None:
    front = {link.partition("#")[0] for link in pages[site / "index.html"].links}
    guides = {path.relative_to(site).as_posix() for path in pages} - {"index.html", "genindex.html", "search.html", "py-modindex.html"}
    assert not {guide for guide in guides if guide not in front and not guide.startswith("reference/")}
