import pytest

from takeup.errors import ReportError
from takeup.present.text import plain
from takeup.report.document import Bullets, Heading, Note, Paragraph
from takeup.report.words import SECTIONS, blocks, check_sections, sentence


def test_the_small_part_of_markdown_becomes_blocks():
    found = blocks("# Title\n\nTwo *kind* **words** and [a link](https://example.org).\n\n1. one\n2. two *three*\n\n> A quote\n> goes on.", "summary")
    assert [type(block) for block in found] == [Heading, Paragraph, Bullets, Note]
    assert (found[0].text, found[0].level) == ("Title", 3)
    styles = {span.text: (span.emphasis, span.strong, span.href) for span in found[1].spans}
    assert styles["kind"] == (True, False, "")
    assert styles["words"] == (False, True, "")
    assert styles["a link"] == (False, False, "https://example.org")
    assert found[2].ordered
    assert [plain(item) for item in found[2].items] == ["one", "two three"]
    assert plain(found[3].spans) == "A quote goes on."


def test_a_list_in_a_list_stays_readable():
    (found,) = blocks("- one\n  - inner\n- two", "summary")
    assert [plain(item) for item in found.items] == ["one inner", "two"]


@pytest.mark.parametrize(("text", "what"), [
    ("<script>alert(1)</script>", "raw HTML"), ("Some <b>bold</b> text", "raw HTML"), ("![a](https://example.org/a.png)", "an image"),
    ("```\ncode\n```", "code"), ("    code", "code"), ("[x](javascript:alert)", "https or mailto"), ("[x](http://example.org)", "https or mailto"),
    ("---", "a rule"),
])
def test_anything_else_is_refused_with_its_line(text, what):
    with pytest.raises(ReportError, match=what) as caught:
        blocks(f"Fine.\n\n{text}", "limits")
    assert "words/limits.md, line 3" in str(caught.value)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ReportError) as caught:
        blocks("<b>x</b>\n\n![a](https://example.org)\n\n---", "limits")
    assert len(caught.value.faults) == 4


def test_what_looks_like_markup_elsewhere_is_text():
    (found,) = blocks("5 < 6 & 7 > 2, {n}, $x$, #1 @ref `<b>`", "summary")
    assert plain(found.spans) == "5 < 6 & 7 > 2, {n}, $x$, #1 @ref <b>"


def test_an_unknown_section_names_the_nearest():
    with pytest.raises(ReportError, match='Did you mean "limits"'):
        check_sections({"limit": "x"})
    check_sections(dict.fromkeys(SECTIONS, "x"))


def test_a_line_of_the_plan_may_use_emphasis():
    assert plain(sentence("Data set `jobs` of the *package*.", "plan")) == "Data set jobs of the package."
