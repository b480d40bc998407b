"""Pages: the same numbers everywhere, nothing hostile, nothing loaded, the same bytes.

`ORESIGHT_REWRITE_GOLDEN=1 .venv/bin/pytest tests/digest/test_render.py` writes the golden files anew; look at the
difference before committing it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from digest import words
from digest.moves import tellable, verdict
from records import STANCES, Breakdown, Digest
from tests.digest import examples
from tests.digest.conftest import RENDERERS

GOLDEN = Path(__file__).parent / "golden"
Made = dict[tuple[str, str], str]
LOADERS = {"iframe", "object", "embed", "link", "img", "base", "form", "use", "image", "video", "audio"}
LOADING = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping", "manifest", "xlink:href"}


class Seen(HTMLParser):
    """What a browser makes of a page: elements with their attributes, texts, and whether every element was closed."""

    VOID = frozenset({"meta", "br", "col", "link", "img", "input", "hr"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element, and remember that it is open."""
        self.elements.append((tag, dict(attrs)))
        assert len(attrs) == len(dict(attrs)), f"an attribute twice in {tag}"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Every end closes what was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize("form", RENDERERS)
@pytest.mark.parametrize("example", ["rich", "thin", "empty", "degraded", "hostile"])
def test_pages_are_as_they_were(made: Made, example: str, form: str) -> None:
    """Byte for byte what the golden files hold."""
    path, text = GOLDEN / f"{example}.{form}", made[example, form]
    if os.environ.get("ORESIGHT_REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def fingerprint(source: str = "from tests.digest.test_render import hashes; print(hashes())", seed: str = "0") -> str:
    """The pages' hashes as another process makes them, in another time zone and with another hash seed."""
    env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Pacific/Auckland", "LC_ALL": "C"}
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", source], env=env, cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def hashes() -> str:
    """A hash over every form of the rich example, made now."""
    forms = "".join(make(examples.rich(), examples.NAMES) for make in RENDERERS.values())
    return hashlib.sha256(forms.encode()).hexdigest()


def test_the_same_digest_gives_the_same_bytes(made: Made) -> None:
    """Twice in one process and once in another, whatever its zone, locale and hash seed."""
    before = hashlib.sha256("".join(made["rich", form] for form in RENDERERS).encode()).hexdigest()
    assert hashes() == before == fingerprint(seed="7")


def cells(breakdown: Breakdown) -> list[str]:
    """A breakdown's figures as every page prints them: shares, and the bare ends of their intervals."""
    if not tellable(breakdown):
        return []
    return [figure for share in breakdown.shares for figure in (words.percent(share.value), words.bounds(share))]


def table_rows(page: str, caption: str) -> list[list[str]]:
    """The rows of the table under a caption, as texts."""
    [table] = [t for t in ET.fromstring(page).iter("table") if (t.findtext("caption") or "").startswith(caption)]  # noqa: S314 - ours
    return [["\t".join(cell.itertext()) for cell in row] for row in table.iter("tr")][1:]


def markdown_rows(sheet: str, heading: str) -> list[list[str]]:
    """The rows of the table under a heading of a Markdown page, as texts."""
    section = re.split(rf"\n##+ {heading}\n", sheet)[1].split("\n##", maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(("part", "caption", "heading"), [
    ("communities", "By community", "Where"),
    ("minerals", "Items that name a mineral", "Minerals"),
    ("countries", "Items that name a country", "Countries"),
])  # fmt: skip
def test_numbers_agree_in_every_form(made: Made, part: str, caption: str, heading: str) -> None:
    """Each row's n, items, shares and intervals are the digest's in HTML and in Markdown, and JSON holds them whole."""
    digest = examples.rich()
    told: list[Breakdown] = list(getattr(digest, part))[:10]
    as_html, as_md = table_rows(made["rich", "html"], caption), markdown_rows(made["rich", "md"], heading)
    as_json = json.loads(made["rich", "json"])[part]
    assert len(as_html) == len(as_md) == len(told)
    for breakdown, row, line, kept in zip(told, as_html, as_md, as_json, strict=False):
        n = sum(breakdown.counts[:3])
        assert row[1] == f"{n}\tof {breakdown.items}"
        assert line[1:3] == [str(n), str(breakdown.items)]
        if not tellable(breakdown):
            assert row[2:] == ["too few to tell"]
            assert line[3:] == ["–", "–", "–"]
        else:
            assert "\t".join(row[2:]).split("\t") == cells(breakdown)
            assert re.findall(r"[^ (]+", " ".join(line[3:]).replace("\xa0%)", "")) == cells(breakdown)
        assert tuple(kept["counts"]) == breakdown.counts
        assert [s["value"] for s in kept["shares"]] == [s.value for s in breakdown.shares]


def test_the_week_agrees_in_every_form(made: Made) -> None:
    """The week's shares with interval, items, and both changes with their verdicts."""
    total = examples.rich().week_total
    for at, stance in enumerate(STANCES):
        share, move = total.shares[at], total.moves[at]
        moved = [(words.points(move.change), words.VERDICTS[move.verdict]),
                 (words.points(move.long_change), words.VERDICTS[move.long_verdict])]  # fmt: skip
        row = table_rows(made["rich", "html"], "Share of the items")[at]
        assert row[0].endswith(f"\t{total.counts[at]} items")
        shown = "\t".join(row[1:]).split("\t")
        assert shown == [words.percent(share.value), words.interval(share), *(part for pair in moved for part in pair)]
        line = markdown_rows(made["rich", "md"], "Stance")[at][1:]
        assert line[:2] == [words.percent(share.value), words.interval(share)]
        assert [cell.replace("\\", "") for cell in line[2:4]] == [f"{points} ({told})" for points, told in moved]
        assert line[4] == str(total.counts[at])
        assert stance in made["rich", "json"]


@pytest.mark.parametrize("example", examples.ALL)
def test_every_form_tells_the_verdict_and_the_state(made: Made, example: str) -> None:
    """Verdict, sample and degraded banners stand in every form, and only where they are true."""
    digest = examples.ALL[example]()
    texts = " ".join(Seen(made[example, "html"]).texts)
    sheet, kept = made[example, "md"], json.loads(made[example, "json"])
    assert verdict(digest) in texts
    assert verdict(digest) in sheet
    assert kept["verdict"] == verdict(digest)
    assert [("Sample data." in t) for t in (texts, sheet)] == [digest.sample] * 2
    assert [("Degraded." in t) for t in (texts, sheet)] == [digest.health.degraded] * 2
    assert (kept["sample"], kept["health"]["degraded"]) == (digest.sample, digest.health.degraded)


def test_failed_channels_are_named_with_their_reasons(pages: dict[str, str], sheets: dict[str, str]) -> None:
    """Each failed channel of the rich week stands by name with its reason in both pages."""
    failed = [c for c in examples.rich().health.channels if c.state in {"blocked", "soft", "not_a_feed", "no_keys"}]
    assert len(failed) == 4
    for channel in failed:
        assert f"<bdi>{channel.channel}</bdi> ({words.STATES[channel.state]})" in pages["rich"]
        assert f"{words.STATES[channel.state]}<small><bdi>{channel.reason}" in pages["rich"]
        assert f"- **{channel.channel}**: {words.STATES[channel.state]}" in sheets["rich"]


def test_queries_stand_under_their_figures(pages: dict[str, str]) -> None:
    """Every query is on the page word for word, those of a figure in the figure's own section."""
    root = ET.fromstring(pages["rich"])  # noqa: S314 - ours
    sections = {s.get("aria-labelledby"): ["".join(c.itertext()) for c in s.iter("code")] for s in root.iter("section")}
    assert sorted(sql for found in sections.values() for sql in found) == sorted(q.sql for q in examples.queries())
    assert [sections[name] != [] for name in ("stance", "weeks", "communities", "themes", "movers", "voices", "health")]
    assert any("dimension = 'country'" in sql for sql in sections["movers"])
    assert len(sections["reading"]) == 1


@pytest.mark.parametrize("example", examples.ALL)
def test_a_page_loads_nothing_and_runs_our_script_alone(pages: dict[str, str], example: str) -> None:
    """Our script and no other, no handler or frame, no style sheet, font or picture from elsewhere."""
    seen = Seen(pages[example])
    tags = [tag for tag, _ in seen.elements]
    assert not set(tags) & LOADERS
    assert tags.count("script") == 1
    [script] = re.findall(r"<script>(.*?)</script>", pages[example], re.DOTALL)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    for tag, attributes in seen.elements:
        assert not LOADING & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
        assert "href" not in attributes or tag == "a"
    [style] = [text for text in re.findall(r"<style>(.*?)</style>", pages[example], re.DOTALL)]
    assert "url(" not in style
    assert "@import" not in style
    policy = seen.all("meta")[1]["content"] or ""
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{allowed}'" in policy


@pytest.mark.parametrize("example", examples.ALL)
def test_links_are_safe(pages: dict[str, str], example: str) -> None:
    """Every link leads to http, https or a place on the page, and tells nothing of its reader."""
    links = [a for a in Seen(pages[example]).all("a") if not (a["href"] or "").startswith("#")]
    assert all(re.match(r"https?://[^/@]+/", a["href"] or "") for a in links)
    assert all((a["rel"] or "").startswith("noopener noreferrer") for a in links)
    digest = examples.ALL[example]()
    told = (*digest.quotations, *([digest.counter] if digest.counter else []), *digest.events)
    stories = [story for mover in digest.movers for story in mover.stories]
    assert len(links) == (1 if example == "hostile" else len(told) + len(stories))


@pytest.mark.parametrize("example", examples.ALL)
def test_a_page_is_well_formed_small_and_ordered(pages: dict[str, str], example: str) -> None:
    """It parses as XML and as HTML, is under 1.5 MB, has one first heading, and no level or id is skipped or double."""
    page = pages[example]
    seen = Seen(page)
    ET.fromstring(page)  # noqa: S314 - ours
    assert seen.open == []
    assert len(page.encode()) < 1_500_000
    levels = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [a["id"] for _, a in seen.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for _, a in seen.elements if "aria-labelledby" in a} <= set(ids)


@pytest.mark.parametrize("example", examples.ALL)
def test_tables_and_charts_can_be_heard(pages: dict[str, str], example: str) -> None:
    """Every table has a caption and scoped heads; every chart is one image with words; the language is told."""
    seen = Seen(pages[example])
    assert len(seen.all("table")) == len(seen.all("caption"))
    assert all(th["scope"] in {"col", "row"} for th in seen.all("th"))
    named = [a for _, a in seen.elements if a.get("role") == "img"]
    assert len(named) == len(seen.all("svg"))
    assert all(a["aria-label"] for a in named)
    assert seen.all("html")[0]["lang"] == "en"


def inlines(tokens: list[Token]) -> list[Token]:
    """Every token of a Markdown page, inner ones too."""
    return [inner for token in tokens for inner in (token, *inlines(token.children or []))]


def test_nothing_hostile_survives_in_markdown(sheets: dict[str, str]) -> None:
    """Hostile texts make no link, picture, heading, list, code or HTML beyond what the page has of its own."""
    parser = MarkdownIt("commonmark").enable("table").enable("strikethrough")
    tokens = inlines(parser.parse(sheets["hostile"]))
    links = [token.attrs["href"] for token in tokens if token.type == "link_open"]
    assert links == ["https://ok.example/a%28b%29%3Cc%3E&lt;?q=%C3%BC"]
    assert not [token for token in tokens if token.type in {"image", "html_inline", "code_inline", "code_block"}]
    html = {token.content.strip() for token in tokens if token.type == "html_block"}
    assert all(re.fullmatch(r"</details>|<details><summary>SQL(: [^<>]*)?</summary>", block) for block in html)
    own = [token.tag for token in parser.parse(sheets["degraded"]) if token.type == "heading_open"]
    assert [token.tag for token in tokens if token.type == "heading_open"] == own


def test_hostile_texts_are_shown_as_they_are(pages: dict[str, str]) -> None:
    """An attack is not dropped: it stands on the page as the text that it is."""
    texts = "".join(Seen(pages["hostile"]).texts)
    assert "<script>alert(1)</script><img src=x onerror=alert(1)>" in texts
    assert "{{ 7*7 }}" in texts
    assert "\u202e" not in pages["hostile"]
    assert "\x00" not in pages["hostile"]


def test_json_is_the_whole_digest(made: Made) -> None:
    """Every field of the digest is in the JSON, in order, dates in ISO 8601 and nothing rounded."""
    kept: dict[str, Any] = json.loads(made["rich", "json"])
    digest = examples.rich()
    assert list(kept)[:5] == ["$schema", "format", "verdict", "week", "first_day"]
    assert set(Digest.__dataclass_fields__) <= kept.keys()
    assert (kept["first_day"], kept["as_of"]) == ("2026-11-16", "2026-11-23T04:00:00+00:00")
    assert len(kept["minerals"]) == len(digest.minerals) == 12
    assert kept["countries"][0]["in_words"] == "China"
    assert kept["quotations"][0]["text"] == digest.quotations[0].text


def test_a_page_is_made_in_time() -> None:
    """The first page of a fresh process, with all its charts, takes less than three seconds of the processor."""
    work = "from tests.digest import examples; from digest import render; render.html(examples.rich())"
    assert float(fingerprint(f"import time; {work}; print(time.process_time())")) < 3
