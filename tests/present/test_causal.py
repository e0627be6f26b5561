"""The causal words of three languages: what is caught, what isn't, and the one sentence that may stand."""

import pytest
import yaml

from house.repository import ROOT
from takeup.present.catalogue import LANGUAGES, words
from takeup.present.causal import NOT_SHOWN, STEMS, causal_words, normal
from takeup.present.terms import METHODS
from takeup.present.wording import BEFORE_AFTER, SHORT
from takeup.report.programme import CAN

CAUGHT = {
    "en": ("The effect was large.", "It had an impact on trust.", "What caused it?", "Trust rose because of the groups.", "This is due to the talks.",
           "Guidance led to more trust.",
           "It resulted in jobs.", "The rise is attributable to it.", "We attribute this to MIRIAM.",
           "It brought about change.", "The talks made a difference.", "Groups influence trust.", "It contributed to trust.",
           "The programme works.", "MIRIAM helped the mothers.", "The project improved their lives.", "thanks to the groups",
           "an EFFECTIVE programme", "the causal chain", "as a consequence", "no effect was found"),
    "nl": ("Het effect was groot.", "Dit had impact.", "De oorzaak is bekend.", "Dat veroorzaakte rust.", "een gevolg van de gesprekken",
           "dankzij de groep", "door het programma", "door deelname", "Begeleiding leidt tot vertrouwen.", "Dat heeft geleid tot rust.",
           "dat leidde bij velen tot rust", "Het bracht rust teweeg.", "teweeggebracht", "toe te schrijven aan de groep", "Dat resulteerde in werk.",
           "Het beïnvloedt alles.", "invloed op het welzijn", "droeg bij tot rust", "heeft bijgedragen", "Dat maakt een verschil.",
           "Het programma werkt.", "De aanpak hielp.", "een effectieve aanpak", "een causaal verband"),
    "fr": ("L'effet est net.", "Les effets sont nets.", "un impact réel", "La cause est connue.", "causé par le suivi", "grâce au suivi",
           "en raison du programme", "C'est dû au programme.", "Cela entraîne un gain.", "Il a provoqué un gain.", "C'est attribué au suivi.",
           "une conséquence", "qui mène à l'emploi", "résulte du suivi", "l'influence du groupe", "contribue au bien-être", "Cela a permis un gain.",
           "Cela a fait la différence.", "un programme efficace", "Le programme fonctionne.", "MIRIAM a amélioré leur vie."),
}
FINE = (
    "Things were better at the end than at the start.", "77% improved, 3% stayed the same.", "The mean change was 1.1 points.",
    "Social support improved among 69%.", "results in results.csv", "Because the wave is missing, it is left out.", "the affected rows", "cathode",
    "Op het einde ging het beter dan bij de start.", "een doel", "Wat veranderde, was misschien ook zonder het programma veranderd.",
    "gevolgd door een gesprek", "gemaakt door een programma", "En effet, elles vont mieux.", "À la fin, cela allait mieux qu'au départ.",
    "les effectifs", "le fait est", "un accompagnement de dix mois", "par centre",
)


@pytest.mark.parametrize(("language", "text"), [(language, text) for language, texts in CAUGHT.items() for text in texts])
def test_causal_words_are_caught(language, text):
    assert causal_words(text), (language, text)  # a word that two languages share counts for the first


@pytest.mark.parametrize("text", FINE)
def test_other_words_pass(text):
    assert causal_words(text) == ()


def test_a_word_is_known_in_names_of_files_over_line_ends_and_in_ligatures():
    assert [item.word for item in causal_words("tables/effects.csv")] == ["effects"]
    assert [item.word for item in causal_words("no_effect_1")] == ["effect"]
    assert causal_words("the ef-\nfect of it")
    assert causal_words("the e\ufb00ect of it")
    assert causal_words("led\u00a0to")
    assert normal("a\u00adb  c\n d") == "ab c d"


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_sentence_that_says_so_may_name_it(language):
    sentence = words(language)(NOT_SHOWN)
    assert causal_words(sentence) == ()
    assert causal_words(f"{sentence} {CAUGHT[language][0]}")
    assert causal_words(sentence.replace(".", "").rsplit(" ", 1)[0])  # cut short it says something else


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_report_says_of_changes_is_free_of_them(language):
    _ = words(language)
    for message in (*BEFORE_AFTER.values(), *SHORT.values(), *CAN["before_after"], METHODS["change"], METHODS["unchanged"]):
        assert causal_words(_.raw(message)) == (), message


def test_each_language_has_its_list():
    assert set(STEMS) == set(LANGUAGES)


def test_no_word_of_a_schema_of_miriam_says_that_something_was_brought_about():
    """They stand in the codebook of a before-after study."""
    found = []
    for path in sorted((ROOT / "data_schema" / "miriam").glob("*.yaml")):
        texts = [yaml.safe_load(path.read_text(encoding="utf-8"))]
        while texts:
            item = texts.pop()
            texts += item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
            found += [(path.name, word.word) for word in causal_words(item)] if isinstance(item, str) else []
    assert not found
