"""Archives to look at: a good one, an empty one, and one in which every text from outside is an attack."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from digest.site import Archive
from digest.site_page import Topic, titled
from digest.texts import plain
from records import STANCES, Digest, Query, Quotation
from tests.digest import examples

WEEKS = ("2026-W45", "2026-W46", "2026-W47")


def topic(kind: str, name: str, quotations: tuple[Quotation, ...], weeks: int = 3) -> Topic:
    """An entity with the archive's weeks."""
    query = Query("Stance by week", f"select week, stance, share\nfrom series_weekly\nwhere entity = '{plain(name)}'")
    return Topic(kind, name, titled(kind, name, examples.NAMES), examples.history()[-weeks:], quotations, (query,))


def quotations() -> tuple[Quotation, ...]:
    """The example's, as items of a store."""
    return tuple(
        replace(one, item_id=f"{at:08}-0000-4000-8000-000000000000", start=11 * at)
        for at, one in enumerate(examples.quotations())
    )


def digests() -> tuple[Digest, ...]:
    """Three weeks, of which the last is the rich one and the first told nothing."""
    told = zip(WEEKS, (examples.empty(), examples.thin(), examples.rich()), strict=True)
    return tuple(
        replace(digest, week=week, first_day=monday, last_day=monday + timedelta(days=6))
        for week, digest in told
        for monday in [date.fromisocalendar(2026, int(week[-2:]), 1)]
    )


def good() -> Archive:
    """Three weeks, two minerals of which one is thin, a country, a community, and a mineral too rare for a page."""
    topics = (
        topic("mineral", "rare earths", quotations()),
        replace(topic("mineral", "lithium", ()), history=(*examples.history()[-3:-1], examples.thin().week_total)),
        replace(topic("mineral", "indium", ()), history=examples.thin().history[:1], quotations=quotations()[:1]),
        topic("country", "CHL", quotations()[1:]),
        topic("community", "trade-press", quotations()[:1]),
    )
    rare = replace(topics[2], name="osmium", title="Osmium", history=(examples.breakdown("2026-W47", 4, 4, 3, 3),))
    return Archive(
        "store-1",
        False,
        digests(),
        (*topics, rare),
        examples.events(),
        examples.NAMES,
        examples.rich().as_of,
        "Europe/Brussels",
    )


def empty() -> Archive:
    """A store whose first week is not over yet."""
    return Archive("", True, (), (), (), {}, None)


def hostile() -> Archive:
    """Every name, title, address and passage is an attack."""
    words = tuple(
        Quotation(
            STANCES[at % 3], text, text, text, url, examples.rich().as_of, "news", item_id=f"{at:036}", start=at
        )
        for at, (text, url) in enumerate(zip(examples.ATTACKS * 2, examples.BAD_URLS * 2, strict=False))
    )  # fmt: skip
    attacks = (*examples.ATTACKS, "../../etc/passwd", "..", "index", "CON", "</script><!--<script>\u2028")
    topics = tuple(topic(kind, text, words, 1) for kind in ("mineral", "country", "community") for text in attacks)
    events = examples.hostile().events
    return Archive(examples.ATTACKS[0], False, (examples.hostile(),), topics, events, {}, examples.rich().as_of)
