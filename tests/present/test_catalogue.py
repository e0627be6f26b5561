import string

import pytest

from takeup.errors import ReportError
from takeup.present.catalogue import LANGUAGES, extract, read, words


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_catalogues_hold_the_messages_of_the_source_and_no_others():
    source = {message if isinstance(message, str) else message[0] for message, _ in extract()}
    for language in LANGUAGES:
        found = {message.id if isinstance(message.id, str) else message.id[0] for message in read(language) if message.id}
        assert found == source, "run python -m takeup.present.catalogue"


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_every_message_is_translated_with_the_same_places(language):
    for message in read(language):
        if not message.id:
            continue
        ids = (message.id,) if isinstance(message.id, str) else message.id
        texts = (message.string,) if isinstance(message.string, str) else message.string
        assert not message.fuzzy, message.id
        for text in texts:
            assert text, f"{language}: {message.id}"
            assert places(text) == places(ids[-1]), message.id


def test_french_counts_nought_as_one_and_dutch_as_many():
    one, many = "{n} number was withheld to protect the people behind it.", "{n} numbers were withheld to protect the people behind them."
    assert words("fr").plural(one, many, 0, n=0) == words("fr").plural(one, many, 1, n=0)
    assert words("nl").plural(one, many, 0, n=0) == words("nl").plural(one, many, 5, n=0)
    assert words("en").plural(one, many, 1, n=1).startswith("1 number was")


def test_an_unknown_language_is_refused_with_the_nearest():
    with pytest.raises(ReportError, match="en, nl, fr"):
        words("de")


def test_a_message_with_percent_and_braces_in_a_value_comes_out_as_it_is():
    assert words("en")("{n} of {total}", n="5%", total="{x}") == "5% of {x}"
