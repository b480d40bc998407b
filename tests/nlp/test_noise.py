"""Text as it comes: however a name is spelt, cut or decorated, it is found, and its offsets hold in that very text."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.gazetteer import key, load
from nlp.mentions import Reader
from records import Mention

READER = Reader(load(Path(__file__).parents[2] / "config" / "gazetteers"))

CASES = [
    # capitals
    ("CHINA HALTS GALLIUM EXPORTS TO U.S.", "CHN gallium USA"),
    ("US, INDIA NEAR DEAL ON GRAPHITE", "USA IND graphite"),
    ("CÔTE D’IVOIRE MANGANESE EXPORTS RISE", "CIV manganese"),
    # hashtags
    ("#RareEarths #CriticalMinerals", "rare_earths"),
    ("#LithiumMining in #SouthAfrica, #USChina", "lithium ZAF USA CHN"),
    ("#galliumAndGermanium #rare_earths", "gallium germanium rare_earths"),
    # typos
    ("lithum, galium and antinomy prices are nuts", "lithium gallium antimony"),
    ("rare earts supply, neodynium and dysprosum", "rare_earths neodymium dysprosium"),
    ("who sells tungstun, vanadum, berylium and flourspar", "tungsten vanadium beryllium fluorspar"),
    ("the antinomy of pure reason", ""),
    # spellings
    ("bastnäsite, bastnaesite and bastnasite ore", "rare_earths"),
    ("Türkiye or Turkiye has boron", "TUR boron"),
    ("Cote d'Ivoire, Côte d’Ivoire, Cote d`Ivoire", "CIV"),
    ("U.S.-Japan, US–China and Sino‑American talks", "USA JPN CHN"),
    ("the u.s. and china", "USA CHN"),
    # entities left over
    ("nickel &amp; cobalt, rare&nbsp;earths", "nickel cobalt rare_earths"),
    ("C&ocirc;te d&#39;Ivoire, T&#xFC;rkiye, C&#244;te d&rsquo;Ivoire", "CIV TUR"),
    ("lith&shy;ium and bastn&auml;site ore, U.S.&ndash;Japan", "lithium rare_earths USA JPN"),
    ("nickel&amp;cobalt &lt;b&gt;tin&lt;/b&gt; prices", "nickel cobalt tin"),
    # emoji and Markdown
    ("🇨🇱 lithium, 🇨🇳🇺🇸 gallium 🔋", "CHL lithium CHN USA gallium"),
    ("**rare** earths, ~~lithium~~, _cobalt_ prices", "rare_earths lithium cobalt"),
    # unseen signs
    ("lith\u200bium, Chi\u200cle, ra\u200dre ear\ufeffths", "lithium CHL rare_earths"),
    ("li\u202ethium, co\u2060balt, gal\u034flium, lithi\u00adum", "lithium cobalt gallium"),
    (unicodedata.normalize("NFD", "Türkiye's bastnäsite"), "TUR rare_earths"),
    ("rare\u00a0earths, rare\u2011earth, rare\u2009earths", "rare_earths"),
]


def named(text: str) -> tuple[Mention, ...]:
    """The minerals and countries of a text."""
    return tuple(m for m in READER.find(text) if m.type in ("mineral", "country"))


@pytest.mark.parametrize(("text", "entities"), CASES)
def test_a_name_is_found_however_it_comes(text: str, entities: str) -> None:
    """Each spelling names its entity, and the surface is what stands in the text."""
    mentions = named(text)
    assert {m.entity for m in mentions} == {e.replace("_", " ") for e in entities.split()}
    assert all(text[m.start : m.end] == m.surface for m in mentions)


def test_surfaces_are_verbatim() -> None:
    """An entity, a joiner or an accent inside a name belongs to its surface, signs around it do not."""
    text = "\u200bC&ocirc;te d&#39;Ivoire\u200b, *lith\u200bium*"
    assert [m.surface for m in named(text)] == ["C&ocirc;te d&#39;Ivoire", "lith\u200bium"]


SENTENCES = [
    "China widened export controls on rare earths, gallium and germanium.",
    "Chile's lithium and Peru's copper go to Japan.",
    "The U.S.-Japan deal covers bastnäsite from Côte d'Ivoire.",
    "Türkiye mines boron & chromite; the EU pays.",
]
ZERO = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u034f"
SWAPS = {
    " ": [" ", "\u00a0", "\u2009", "\u202f", "  ", "&nbsp;", "&#160;"],
    "-": ["-", "\u2010", "\u2011", "&#8209;"],
    "'": ["'", "’", "ʼ", "`", "&#39;", "&rsquo;", "&apos;"],
    "&": ["&", "&amp;"],
    "é": ["é", "e\u0301", "&eacute;"],
    "ä": ["ä", "a\u0308", "&auml;", "&#228;"],
    "ô": ["ô", "o\u0302", "&ocirc;", "&#xf4;"],
    "ü": ["ü", "u\u0308", "&uuml;", "&#252;"],
}


@st.composite
def decorated(draw: st.DrawFn) -> tuple[str, str]:
    """A sentence, and the same sentence with noise in it."""
    plain = draw(st.sampled_from(SENTENCES))
    pieces = []
    for at, sign in enumerate(plain):
        pieces.append(draw(st.sampled_from(SWAPS[sign])) if sign in SWAPS else sign)
        if sign.isalpha() and plain[at + 1 : at + 2].isalpha() and draw(st.integers(0, 9)) == 0:
            pieces.append(draw(st.sampled_from(ZERO)))
    return plain, draw(st.sampled_from(["", "🔋 ", "\u202a", "&nbsp;"])) + "".join(pieces)


@settings(max_examples=150, deadline=None)
@given(decorated())
def test_noise_changes_no_entity_and_offsets_stay_true(pair: tuple[str, str]) -> None:
    """The same entities in the same order, each with a surface that stands there and reads the same."""
    plain, noisy = pair
    before, after = named(plain), named(noisy)
    assert [m.entity for m in after] == [m.entity for m in before]
    assert [key(m.surface) for m in after] == [key(m.surface) for m in before]
    assert all(noisy[m.start : m.end] == m.surface for m in after)
    assert READER.umbrella(noisy) == READER.umbrella(plain)


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("lithium rare earths &amp;#x;39nbsp🇨🇱*_~#\u200b\u0301\u00adäC'\n"), max_size=80)
)
def test_offsets_hold_in_any_text(text: str) -> None:
    """Whatever stands between, a surface is text[start:end] and never empty."""
    assert all(text[m.start : m.end] == m.surface != "" for m in READER.find(text))
