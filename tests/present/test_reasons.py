from present import made_up
from takeup.present import reasons


def test_known_sentences_are_translated_and_of_others_only_their_place_is_said(monkeypatch):
    known = {"Normal inference.": "Normale inferentie.", "{n1} p-values corrected together.": "{n1} p-waarden samen gecorrigeerd.",
             "More is said in English in results.csv.": "Meer in results.csv."}

    class Dutch:
        def raw(self, message):
            return known.get(message, message)

        def __call__(self, message, **fields):
            return self.raw(message).format(**fields)

    monkeypatch.setattr(reasons, "words", lambda _language: Dutch())
    text = "12 p-values corrected together. Normal inference. Something new at 3.5 (HC2)."
    assert reasons.translated(text, "nl") == "12 p-waarden samen gecorrigeerd. Normale inferentie. Meer in results.csv."
    assert reasons.translated(text, "en") == text


def test_numbers_in_a_known_sentence_come_back_where_they_stood():
    text = "899 units in the smaller arm, fewer than 20, and 1,801 in both: additive ANCOVA."
    assert reasons.translated(text, "en") == text


def test_a_column_in_a_known_sentence_goes_by_its_label():
    text = "Normal inference. depression.baseline: 4.6% missing, replaced by its overall mean."
    assert reasons.translated(text, "en",
                              made_up.labels()) == "Normal inference. Depressive symptoms, baseline: 4.6% missing, replaced by its overall mean."
    assert reasons.translated(text, "nl",
                              made_up.labels()).endswith("Depressieve klachten, nulmeting: 4,6% ontbreekt, vervangen door het algemene gemiddelde.")
