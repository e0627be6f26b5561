"""Every sentence with which a room that computes gives a reason has its translation; found in the source, so that a new one can't be forgotten."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import takeup
from takeup.present.reasons import _END, _sentence

PACKAGE = Path(takeup.__file__).parent
ROOMS = ("estimate", "infer", "missing", "describe", "study")
APART = {  # sentences that reach no page: advice beside an error, and notes of what a notebook shows
    "estimate/linear_ranks.py": "its tests are for notebooks only", "estimate/mixed.py": "only notebooks fit it",
    "infer/power.py": "notes of a page of its own", "describe/balance.py": "the table's notes are made where it is presented",
}
SENTENCES_APART = (
    'Choose df="residual" or another variance.', "Estimate on rows in memory.",
    "Make the plan's folder writable, or remove the file: a new mask is then drawn.",
    "Attrition: the share of those assigned without the outcome.", "Difference: treated less control.",
)
WORDS = (  # what the places of an f-string may hold, where it isn't a number or a share
    "7", "", "units", "clusters", "unit", "cluster", "treated", "control", "complete", "pairs", "y", "HC2", "Nobody", "7 blocks", "7 blocks have",
    "Whole clusters were drawn", "every possible assignment", "blocks", "7 draws of signs", "Each unit by its own coin", "ANCOVA", "7%",
    "HC2, Satterthwaite degrees of freedom", " of clusters",
)
HOLE = "\N{REPLACEMENT CHARACTER}"


def literal(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
    return None


def texts(node: ast.AST) -> Iterator[str]:
    """The strings of a module without its docstrings and without what errors say."""
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    error = isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("Fault", "fault", "Error")))
    if docstring or error:
        return
    text = literal(node)
    if text is not None:
        yield text
        return
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


def sentences(path: Path) -> Iterator[str]:
    for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
        whole = text.strip()
        if whole.endswith(".") and re.search(rf"[a-z]{{2,}} [a-z{HOLE}]", whole):
            yield from _END.split(whole)


def known(sentence: str, language: str) -> bool:
    pieces = sentence.split(HOLE)
    tried = ("".join(itertools.chain(*zip(pieces, (*words, ""), strict=True))).strip()
             for words in itertools.product(WORDS, repeat=len(pieces) - 1))
    return any(_sentence(text, language, None) for text in tried)


@pytest.mark.parametrize("language", ["nl", "fr"])
@pytest.mark.parametrize("room", ROOMS)
def test_every_reason_in_the_source_has_a_translation(room, language):
    paths = [path for path in sorted((PACKAGE / room).rglob("*.py")) if path.relative_to(PACKAGE).as_posix() not in APART]
    found = [(path.name, sentence) for path in paths for sentence in sentences(path) if sentence not in SENTENCES_APART]
    assert found
    assert not [item for item in found if not known(item[1], language)], "add it to present/reason_sentences.py and the catalogues"


def test_what_is_looked_for_is_there():
    assert any("fitted exactly" in sentence for sentence in sentences(PACKAGE / "estimate" / "linear.py"))
    assert not known("A sentence that nobody translated.", "nl")
    assert not known(f"{HOLE} things that nobody translated.", "nl")
