"""Digests to look at: a rich week, and the poor and hostile ones a page must survive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from records import STANCES, ChannelHealth, Digest, Event, Gap, Health, Mover, Query, Quotation, Story, Theme
from tests.digest.parts import (
    ATTACKS,
    BAD_URLS,
    DRIFT,
    MONDAY,
    NAMES,
    STILL,
    breakdown,
    channels,
    counter,
    events,
    history,
    moved,
    movers,
    queries,
    quotations,
    share,
    themes,
)

__all__ = [
    "ALL",
    "ATTACKS",
    "BAD_URLS",
    "MONDAY",
    "NAMES",
    "STILL",
    "breakdown",
    "channels",
    "counter",
    "degraded",
    "empty",
    "events",
    "history",
    "hostile",
    "moved",
    "movers",
    "queries",
    "quiet",
    "quotations",
    "rich",
    "sample",
    "share",
    "themes",
    "thin",
]


def rich() -> Digest:
    """A good week with everything a page can hold."""
    weeks = history()
    minerals = (
        "rare earths",
        "lithium",
        "gallium",
        "cobalt",
        "antimony",
        "graphite",
        "uranium",
        "tungsten",
        "nickel",
        "germanium",
        "heavy rare earths",
        "platinum group metals",
    )
    health = Health(
        channels=channels(),
        items=816,
        labelled=622,
        abstained=37,
        guessed_dates=19,
        duplicates=88,
        skipped=(("not relevant", 171), ("language", 23)),
        deletions=3,
        drift=DRIFT,
        gaps=(
            Gap(
                "general-press-07",
                datetime(2026, 11, 18, 3, 0, tzinfo=UTC),
                datetime(2026, 11, 18, 19, 45, tzinfo=UTC),
                "the page holds 20 entries and all were new",
            ),
        ),
    )
    return Digest(
        week="2026-W47",
        first_day=MONDAY,
        last_day=date(2026, 11, 22),
        sample=False,
        week_total=replace(
            weeks[-1],
            moves=moved((0.01, "no detectable change"), (-0.05, "no detectable change"), (0.06, "up")),
            effective_n=590.0,
        ),
        week_before=weeks[-2],
        history=weeks,
        communities=(
            breakdown("trade-press", 34, 29, 6, 120),
            breakdown("general-press", 14, 21, 7, 88),
            breakdown("official", 5, 24, 1, 41),
            breakdown("think-tank", 9, 8, 4, 17),
            breakdown("investor", 11, 3, 14, 63),
            breakdown("geopolitics", 12, 4, 16, 40),
            breakdown("energy-tech", 3, 2, 2, 25),
        ),
        minerals=tuple(breakdown(m, 30 - 2 * i, 26 - 2 * i, 20 - i, 90 - 6 * i) for i, m in enumerate(minerals)),
        countries=tuple(breakdown(c, 28 - 2 * i, 24 - 2 * i, 18 - i, 80 - 6 * i) for i, c in enumerate(NAMES)),
        quotations=quotations(),
        health=health,
        model="oresight-stance-1 (3f9c2d1a)",
        model_quality="Macro-F1 0.71 on 448 real texts it had not seen.",
        as_of=datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
        queries=queries(),
        themes=themes(),
        movers=movers(),
        events=events(),
        counter=counter(),
        run="collect 5a1f0c7e-93d2-4b1c-8a44-0c1d2e3f4a5b 0.1.0",
        zone="Europe/Brussels",
    )


def quiet() -> Digest:
    """A week in which no test found anything."""
    total = replace(rich().week_total, moves=STILL)
    return replace(rich(), week_total=total, history=(*rich().history[:-1], total), movers=())


def sample() -> Digest:
    """The rich week as the bundled sample."""
    return replace(rich(), sample=True)


def degraded() -> Digest:
    """The rich week with a third of its channels down."""
    ill = tuple(
        replace(c, state="hard", reason="name not found") if i % 3 == 0 else c for i, c in enumerate(channels())
    )
    return replace(rich(), health=replace(rich().health, channels=ill))


def thin() -> Digest:
    """A week below the floor: fourteen items take a stance."""
    return replace(
        rich(),
        week_total=breakdown("2026-W47", 6, 5, 3, 40),
        week_before=None,
        history=(breakdown("2026-W47", 6, 5, 3, 40),),
        communities=(breakdown("trade-press", 6, 5, 3, 40),),
        minerals=(breakdown("lithium", 2, 1, 1, 5),),
        countries=(),
        quotations=quotations()[:1],
        themes=themes()[3:5],
        movers=(),
        events=(),
        counter=None,
    )


def empty() -> Digest:
    """The first run of a newcomer whose channels brought nothing."""
    nothing = Health(channels=(), items=0, labelled=0, abstained=0, guessed_dates=0, duplicates=0, skipped=(), gaps=())
    return replace(
        rich(),
        week_total=breakdown("2026-W47", 0, 0, 0, 0),
        week_before=None,
        history=(),
        communities=(),
        minerals=(),
        countries=(),
        quotations=(),
        health=nothing,
        queries=(),
        themes=(),
        movers=(),
        events=(),
        counter=None,
    )


def hostile() -> Digest:
    """Every text from outside is an attack."""
    base = rich()
    voices = tuple(
        Quotation(STANCES[i % 3], text, text, text, url, base.as_of, "news")
        for i, (text, url) in enumerate(
            zip(ATTACKS * 2, (*BAD_URLS, "https://ok.example/a(b)<c>&lt;?q=ü"), strict=False)
        )
    )
    ill = tuple(ChannelHealth(text, text, "hard", text, 0, 0, 0, 1) for text in ATTACKS)
    gaps = tuple(Gap(text, None, base.as_of, text) for text in ATTACKS) * 9
    health = replace(base.health, channels=ill, gaps=gaps, skipped=tuple((text, 1) for text in ATTACKS))
    named = tuple(breakdown(text, 9, 8, 7, 6) for text in ATTACKS)
    return replace(
        base,
        communities=named,
        minerals=named,
        countries=named,
        quotations=voices,
        counter=voices[0],
        themes=tuple(Theme("watch point", one) for one in named),
        movers=tuple(
            Mover(
                "mineral",
                replace(one, moves=moved(*[(0.2, "up")] * 3)),
                9,
                None,
                True,
                (Story("s", one.name, url, 2, 3),),
                (one.name,),
            )
            for one, url in zip(named[:3], BAD_URLS, strict=False)
        ),
        events=tuple(Event("e", text, date(2026, 7, 3), BAD_URLS[0] or "") for text in ATTACKS),
        health=health,
        model=ATTACKS[0],
        model_quality=ATTACKS[1],
        queries=(Query(ATTACKS[0], f"select 1 -- ``` {ATTACKS[0]}"),),
    )


ALL = {
    "rich": rich, "quiet": quiet, "sample": sample, "degraded": degraded, "thin": thin, "empty": empty,
    "hostile": hostile,
}  # fmt: skip
