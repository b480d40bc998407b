"""The archive: whole, linked, the same bytes, and nothing from outside gets out of its text.

`ORESIGHT_REWRITE_GOLDEN=1 .venv/bin/pytest tests/digest/test_site.py` writes the golden files anew; look at the
difference before committing it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from posixpath import normpath
from xml.etree import ElementTree as ET

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import site, site_feed, site_page, site_paths, site_search
from records import STANCES
from tests.digest import archives, examples
from tests.digest.test_render import Seen

GOLDEN = Path(__file__).parent / "golden" / "site"
KINDS = (
    "index.html",
    "weeks/2026-W45.html",
    "minerals/rare-earths.html",
    "minerals/index.html",
    "search.html",
    "feed.xml",
)
ATOM = {"a": "http://www.w3.org/2005/Atom"}
Made = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def made() -> Made:
    """Every page of the archives."""
    told = {"good": archives.good(), "empty": archives.empty(), "hostile": archives.hostile()}
    return {name: {sheet.path: sheet.text() for sheet in site.sheets(archive)} for name, archive in told.items()}


@pytest.mark.parametrize("path", KINDS)
def test_pages_are_as_they_were(made: Made, path: str) -> None:
    """A page of each kind, byte for byte what the golden files hold."""
    golden, text = GOLDEN / path.replace("/", "-"), own(made["good"][path])
    if os.environ.get("ORESIGHT_REWRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def own(page: str) -> str:
    """What a page says of its own: without style, script, pictures and mark, of a week only what stands around it."""
    bare = re.sub(r"(<style>|<script>|sha256-|<svg ).*?(</style>|</script>|'|</svg>)", r"\1\2", page, flags=re.DOTALL)
    if "Weeks beside this one" in bare:
        return bare[bare.index("<body>") : bare.index("<header>")]
    return bare.rpartition("<!-- made of")[0]


def test_an_archive_has_these_pages(made: Made) -> None:
    """A page for every week and every entity of 15 items, the lists, search and feed; for nothing else."""
    assert sorted(made["good"]) == [
        "communities/index.html", "communities/trade-press.html", "countries/chl.html", "countries/index.html",
        "feed.xml", "index.html", "minerals/index.html", "minerals/indium.html", "minerals/lithium.html",
        "minerals/rare-earths.html", "search.html", "weeks/2026-W45.html", "weeks/2026-W46.html", "weeks/2026-W47.html",
    ]  # fmt: skip
    assert sorted(made["empty"]) == sorted(p for p in made["good"] if p.endswith(("index.html", "search.html", ".xml")))


def test_the_same_archive_gives_the_same_bytes(made: Made) -> None:
    """Made again, every page is the same, and tells at its end what it was made of."""
    for sheet in site.sheets(archives.good()):
        assert sheet.text() == made["good"][sheet.path]
        assert site.made_of(made["good"][sheet.path].encode()[-site.TAIL :]) == sheet.inputs


def test_what_changes_changes_its_pages_alone() -> None:
    """A new passage changes the page of its mineral and search; a new verdict its week, the weeks beside it not."""
    before = {sheet.path: sheet.inputs for sheet in site.sheets(archives.good())}
    good = archives.good()
    rare, *others = good.topics
    fewer = replace(good, topics=(replace(rare, quotations=rare.quotations[:1]), *others))
    emptied = replace(good, weeks=(*good.weeks[:2], replace(examples.empty(), week="2026-W47")))
    assert changed(before, fewer) == {"minerals/rare-earths.html", "search.html"}
    assert changed(before, emptied) == {"index.html", "weeks/2026-W47.html", "search.html", "feed.xml"}


def changed(before: dict[str, str], archive: site.Archive) -> set[str]:
    """The pages that would be made of something else."""
    return {sheet.path for sheet in site.sheets(archive) if before.get(sheet.path) != sheet.inputs}


@pytest.mark.parametrize("archive", ["good", "empty", "hostile"])
def test_every_link_leads_somewhere(made: Made, archive: str) -> None:
    """Links inside the archive lead to its pages and to places on them; all others are plain http or https."""
    pages = made[archive]
    parsed = {path: Seen(text.replace("<!DOCTYPE html>", "")) for path, text in pages.items() if path.endswith(".html")}
    ids = {path: {a["id"] for _, a in page.elements if a.get("id")} for path, page in parsed.items()}
    assert parsed
    for path, page in parsed.items():
        for tag, attributes in page.elements:
            for href in filter(None, (attributes.get("href"), attributes.get("cite"))):
                if re.match(r"https?://", href):
                    assert tag != "a" or "noopener" in (attributes.get("rel") or "")
                    continue
                target, _, place = href.partition("#")
                leads = normpath(str(PurePosixPath(path).parent / target)) if target else path
                assert leads in pages
                assert not place or place in ids[leads]


@pytest.mark.parametrize("archive", ["good", "hostile"])
def test_only_our_scripts_run(made: Made, archive: str) -> None:
    """The policy of a page names the hash of its one script; no element or attribute of an attack is there."""
    for path, text in made[archive].items():
        if not path.endswith(".html"):
            continue
        page = Seen(text)
        policy = next(m["content"] or "" for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
        scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
        assert re.findall(r"'sha256-([^']+)'", policy) == hashes
        assert "default-src 'none'" in policy
        assert len(page.all("script")) == len(scripts) + (path == "search.html")
        assert not {tag for tag, _ in page.elements} & {"img", "iframe", "object", "form", "base"}
        assert not [a for _, attributes in page.elements for a in attributes if a.startswith("on")]


def test_the_index_of_the_search_stays_in_its_element(made: Made) -> None:
    """It is JSON, holds every passage once, word for word, and nothing that could end a script."""
    for archive in ("good", "hostile"):
        (data,) = re.findall(
            r'<script type="application/json" id="index">(.*?)</script>', made[archive]["search.html"], re.DOTALL
        )
        assert not set("<>&\u2028\u2029") & set(data)
        found = json.loads(data)
        assert {len(page) for page in found["pages"]} == {4}
        assert all(not address or address.startswith("http") for *_, address in found["passages"])
    told = {passage[0] for passage in json.loads(site_search.as_json(index_of(archives.good())))["passages"]}
    assert told == {quotation.text for quotation in archives.quotations()}


def index_of(archive: site.Archive) -> site_search.Index:
    """What can be found in an archive."""
    topics = [topic for topic in archive.topics if topic.items >= site_page.LEAST]
    return site_search.index([site_page.week_line(digest) for digest in archive.weeks], topics)


names = st.text(max_size=80) | st.sampled_from(
    ["..", "a/b", "index", "Rare Earths", "rare earths", "rare-earths", "ÉTÉ"]
)


@given(st.sampled_from(list(site_paths.FOLDERS)), names, names)
def test_names_become_files_of_their_own(kind: str, one: str, other: str) -> None:
    """A file's name is letters, digits and hyphens; two entities share none, and none has that of the list."""
    first, second = site_paths.slug(kind, one), site_paths.slug(kind, other)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}", first)
    assert (first == second) == (one == other)
    assert site_paths.of_topic(kind, one) != site_paths.of_kind(kind)


@pytest.mark.parametrize(("kind", "name", "expected"), [
    ("mineral", "rare earths", "rare-earths"), ("country", "CHL", "chl"), ("community", "trade-press", "trade-press"),
])  # fmt: skip
def test_the_usual_names_stay_readable(kind: str, name: str, expected: str) -> None:
    """Names from the gazetteers are their own file's names."""
    assert site_paths.slug(kind, name) == expected


@pytest.mark.parametrize("week", ["2026-W4", "../W47", "2026-W47.html", "٢٠٢٦-W47"])
def test_a_week_that_is_none_has_no_path(week: str) -> None:
    """Nothing but an ISO week becomes a path."""
    with pytest.raises(ValueError, match="ISO week"):
        site_paths.of_week(week)


@pytest.mark.parametrize("archive", ["good", "empty", "hostile"])
def test_the_feed_is_valid(made: Made, archive: str) -> None:
    """An Atom feed as RFC 4287 asks: ids, titles, times, an author, links; a reader finds every week in it."""
    text = made[archive]["feed.xml"]
    root = ET.fromstring(text)  # noqa: S314 - ours
    entries = root.findall("a:entry", ATOM)
    for one in (root, *entries):
        for name in ("id", "title", "updated"):
            assert len(one.findall(f"a:{name}", ATOM)) == 1
        assert len([link for link in one.findall("a:link", ATOM) if link.get("rel") == "alternate"]) == 1
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one.findtext("a:updated", "", ATOM))
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one.findtext("a:id", "", ATOM))
    assert root.findtext("a:author/a:name", "", ATOM) == "Oresight"
    assert len({one.findtext("a:id", "", ATOM) for one in entries}) == len(entries)
    read = feedparser.parse(text.encode())
    assert not read.bozo
    assert [entry.link for entry in read.entries] == sorted(
        (p for p in made[archive] if p.startswith("weeks/")), reverse=True
    )


def test_ids_of_the_feed_hold_for_good() -> None:
    """An entry keeps its id when its verdict changes; another store's entry of the same week has another."""
    good = archives.good()
    emptied = replace(good, weeks=(*good.weeks[:2], replace(examples.empty(), week="2026-W47")))
    ids = [re.findall("<id>(.*?)</id>", site_feed.atom(one.identity, False, site_feed.entries(one.weeks))) for one in (
        good, emptied, replace(good, identity="store-2"))]  # fmt: skip
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])


def test_the_lead_tells_only_what_can_be_told() -> None:
    """A week with figures tells its shares; a thin one says so and names the latest that has figures."""
    rare, lithium, indium, *_ = archives.good().topics
    assert re.match(r"In week 47, \d+ of \d+ items take a stance: Realist \d+", site_page.lead(rare))
    assert (
        "14 items of week 47 take a stance, and a share takes 15; the latest week with figures is week 46"
        in site_page.lead(lithium)
    )
    assert site_page.lead(indium).endswith("no week has had as many yet.")
    moved = replace(
        rare.history[-1], moves=examples.moved((0.02, "no detectable change"), (-0.14, "down"), (0.1, "up"))
    )
    told = site_page.lead(replace(rare, history=(*rare.history[:-1], moved)))
    assert told.endswith(
        "Against the week before: Industrial collaboration down by 14 points, Skeptic up by 10 points."
    )


def test_a_passage_bears_no_author() -> None:
    """A passage tells its text, title, channel, day and address, and the page it stands on has a place for it."""
    (first, *_) = archives.quotations()
    told = site_page.passage(first)
    assert (told.text, told.source, told.stance) == (first.text, first.channel, STANCES[0])
    assert re.fullmatch(r"q-[0-9a-f]{1,12}-\d+", told.key)
