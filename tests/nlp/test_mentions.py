"""Minerals and countries are found where they are meant, with true offsets, in any text."""

from __future__ import annotations

import time
import unicodedata
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.gazetteer import load
from nlp.mentions import MOST, Reader

ROOT = Path(__file__).parents[2]


@lru_cache(maxsize=1)
def reader() -> Reader:
    """One reader for all tests, as in a process."""
    return Reader(load(ROOT / "config" / "gazetteers"))


def found(text: str) -> tuple[set[str], set[str]]:
    """The minerals and the countries of a text."""
    mentions = reader().find(text)
    return tuple({m.entity for m in mentions if m.type == t} for t in ("mineral", "country"))  # type: ignore[return-value]


CASES = [
    # canonical names, ores, compounds, alloys
    ("Spodumene and lepidolite feed the converter", "lithium", ""),
    ("V2O5 flake and ferrovanadium", "vanadium", ""),
    ("NdPr oxide prices", "neodymium,praseodymium", ""),
    ("Mineral sands miners want tariffs", "titanium,zirconium", ""),
    ("APT trades at $600/mtu", "tungsten", ""),
    ("sudo apt install chromium", "", ""),
    ("Li₂CO₃ output from the salar", "lithium", ""),
    ("nickel- and cobalt-bearing slag", "nickel,cobalt", ""),
    ("tungsten-tin veins in the mine", "tungsten,tin", ""),
    # other senses
    ("She takes lithium for bipolar disorder", "", ""),
    ("Lithium-ion packs got cheaper", "", ""),
    ("Mercury rises to 42C in Delhi", "", ""),
    ("Gold medal and silver lining", "", ""),
    ("Tin foil hats", "", ""),
    ("He will lead the delegation to Kazakhstan", "", "KAZ"),
    ("Zambia's lead and zinc mine", "lead,zinc", "ZMB"),
    ("Boron, California, has a museum", "", ""),
    ("Shares of Sigma Lithium fell", "", ""),
    # countries
    ("U.S.-Japan deal on non-Chinese magnets", "", "USA,JPN,CHN"),
    ("US LEVIES TARIFFS ON CHINESE GRAPHITE", "graphite", "USA,CHN"),
    ("TELL US WHAT YOU THINK", "", ""),
    ("they cut us off in 2010", "", ""),
    ("Sino-American and Franco-German talks", "", "CHN,USA,FRA,DEU"),
    ("China-backed, Congolese-mined cobalt", "cobalt", "CHN,COD"),
    ("Officials in Brazzaville and Congo's ministry want potash", "potash", "COG"),
    ("Congo's cobalt quota", "cobalt", "COD"),
    ("Equatorial Guinea, Guinea-Bissau and Papua New Guinea", "", "GNQ,GNB,PNG"),
    ("New Mexico, New South Wales, Inner Mongolia, British Columbia", "", ""),
    ("South China Sea, Gulf of Guinea, Sea of Japan", "", ""),
    ("South American brines and Latin America", "", ""),
    ("Georgia and Armenia discuss transit", "", "GEO,ARM"),
    ("A jury in Atlanta, Georgia", "", ""),
    ("Europe imports; the European Union decides", "", "EU"),
    ("Beijing bans exports; ministers met in Tokyo", "", "CHN"),
    ("HANOI: Exports rose", "", ""),
    ("went to Moscow, Idaho for the weekend", "", ""),
    ("Bank of America and Anglo American", "", ""),
    ("Canada Nickel said on Monday", "", ""),
    ("Michael Jordan sells his stake", "", ""),
    ("Jordan signs a phosphate deal", "phosphate", "JOR"),
    ("he speaks Chinese", "", ""),
    ("Swiss cheese and French fries", "", ""),
    ("we should buy it from chile and peru", "", "CHL,PER"),
    ("green chile stew", "", ""),
    ("canada and the us signed", "", "CAN,USA"),
    # as it comes
    ("#RareEarths and #rareearths, #lithium", "rare earths,lithium", ""),
    ("r/UraniumSqueeze and $MP and https://lithium.com/china", "", ""),
    ("🇨🇩 ships cobalt to 🇨🇳", "cobalt", "COD,CHN"),
    ("C&ocirc;te d&rsquo;Ivoire bauxite", "aluminum", "CIV"),
    ("Cote d'Ivoire, CÔTE D’IVOIRE", "", "CIV"),
    ("bastnaesite, bastnäsite, BASTNÄSITE", "rare earths", ""),
    ("Türkiye's and Turkey's boron", "boron", "TUR"),
    ("ukraines titanium", "titanium", "UKR"),
    ("rare\nearths, rare  earths", "rare earths", ""),
    ("li\u200bthium from Chi\u00adna", "lithium", "CHN"),
    ("", "", ""),
]


@pytest.mark.parametrize(("text", "minerals", "countries"), CASES)
def test_mentions_follow_the_rules(text: str, minerals: str, countries: str) -> None:
    """Each rule of RULES.md has its example."""
    assert found(text) == (set(filter(None, minerals.split(","))), set(filter(None, countries.split(","))))


@pytest.mark.parametrize("text", [text for text, _, _ in CASES])
def test_offsets_hold_in_composed_and_decomposed_text(text: str) -> None:
    """Surfaces are slices of the text as given, whichever way its accents are written."""
    entities = set()
    for form in ("NFC", "NFD"):
        given_text = unicodedata.normalize(form, text)
        mentions = reader().find(given_text)
        assert all(given_text[m.start : m.end] == m.surface for m in mentions)
        entities.add(frozenset((m.type, m.entity) for m in mentions))
    assert len(entities) == 1


PIECES = st.sampled_from(
    [
        "lithium",
        "Lead",
        "US",
        "the",
        "us",
        " ",
        "\n\n",
        "China",
        "’s",
        "-",
        "#",
        "$MP",
        "🇨🇳",
        "\u200b",
        "&amp;",
        "Côte",
        "tin",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join), st.lists(PIECES).map(" ".join)))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any string gives mentions that lie inside it, in order."""
    mentions = reader().find(text)
    assert all(0 <= m.start < m.end <= len(text) and text[m.start : m.end] == m.surface for m in mentions)
    assert list(mentions) == sorted(mentions, key=lambda m: m.start)


def test_lone_surrogates_and_control_characters_pass() -> None:
    """What UTF-8 cannot hold does not break the reader either."""
    assert found("\ud800 lithium \x00 \udfff cobalt")[0] == {"lithium", "cobalt"}


@pytest.mark.parametrize(
    "word",
    ["lithium ", "a", "lead ", "US ", "&", "\n", "Washington, ", "\u0301", "#A", "🇨", "refining ", "mine tin ore "],
)
def test_a_megabyte_of_one_word_takes_linear_time(word: str) -> None:
    """Four times the text takes at most about four times as long."""
    times = []
    for size in (15_000, 60_000):
        text = word * (size // len(word))
        tries = []
        for _ in range(3):
            start = time.process_time()
            reader().find(text)
            tries.append(time.process_time() - start)
        times.append(min(tries))
    assert times[1] < 10 * times[0] + 0.2


def test_what_lies_beyond_the_limit_is_not_read() -> None:
    """A megabyte takes no longer than the part that is read."""
    mentions = reader().find("x" * (MOST - 20) + " lithium " + "y" * MOST + " cobalt")
    assert [m.entity for m in mentions] == ["lithium"]


def test_every_candidate_has_a_reason() -> None:
    """Rejected and accepted candidates say why, for whoever looks again."""
    verdicts = reader().judge("Tin foil, tin ore, and Washington state; Chad from accounting likes lead pipes of lead")
    assert verdicts
    assert all(v.reason for v in verdicts)
    assert {v.accepted for v in verdicts} == {True, False}


@pytest.mark.parametrize(
    "text",
    [
        "Critical Minerals",
        "critical raw materials",
        "#CriticalMinerals",
        "critical-minerals",
        "battery metals",
        "3TG",
        "Lithium Americas",
    ],
)
def test_umbrella_terms_are_seen(text: str) -> None:
    """An umbrella term counts in any case, hyphenated, or joined as a hashtag."""
    assert reader().umbrella(f"more on {text} today")


@pytest.mark.parametrize("text", ["a critical review", "mineral water", "heavy metal band", "uncritical praise", ""])
def test_other_talk_holds_no_umbrella_term(text: str) -> None:
    """Single words of an umbrella term are none."""
    assert not reader().umbrella(text)
