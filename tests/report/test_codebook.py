from present import made_up
from report import pages
from takeup.report.codebook import codebook_document, codebook_html
from takeup.report.document import TableBlock


def test_every_column_stands_with_its_type_codes_and_rules():
    document = codebook_document(made_up.plan(), {"units": made_up.SCHEMA}, "fr")
    (table,) = [block.table for block in document.blocks if isinstance(block, TableBlock)]
    rows = {row.cells[0].text: [cell.text for cell in row.cells[1:]] for row in table.rows}
    assert list(rows) == list(made_up.SCHEMA.names)
    assert rows["age"][0] == "Âge"
    assert "999\u00a0= sans réponse" in rows["age"][3]
    assert rows["sex"][2] == "0\u00a0= Homme; 1\u00a0= Femme"


def test_the_page_is_safe_and_in_all_languages():
    page = pages.Reader(codebook_html(made_up.plan(), {"units": made_up.SCHEMA}, ("en", "nl", "fr")))
    assert page.problems == []
    assert len(page.all("article")) == 3
    assert any("As said by the person & not checked." in cell.text for cell in page.all("td"))
