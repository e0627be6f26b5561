"""The brief's page in a real browser: nothing fetched, no sideways scroll on a phone, two sheets on paper."""

from io import BytesIO

import pytest

from report import briefs
from report.browser import CHROMIUM, Page
from takeup.report.brief_html import brief_html

pypdf = pytest.importorskip("pypdf")
pytest.importorskip("websocket")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")


@pytest.mark.parametrize(("language", "make"), [("en", briefs.made), ("nl", briefs.longest), ("fr", briefs.longest)])
def test_it_fits_a_phone_and_two_sheets_of_paper(language, make, tmp_path):
    path = tmp_path / "brief.html"
    path.write_text(brief_html(make(language)), encoding="utf-8")
    with Page(320) as page:
        page.open(path)
        assert page.ask("document.documentElement.scrollWidth") <= 320
        assert page.ask("[...document.images].every(image => image.naturalWidth > 0)")
        assert len(pypdf.PdfReader(BytesIO(page.print())).pages) == 2
        assert page.logged == []
        assert all(url.startswith(("file:", "data:")) for url in page.requests)
