"""What the example digests are made of: texts written for this project, numbers that follow from small formulas."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import sqrt

from records import (
    Breakdown,
    ChannelHealth,
    Drift,
    Event,
    Move,
    Mover,
    Query,
    Quotation,
    Share,
    State,
    Story,
    Theme,
    Verdict,
)

NAMES = {
    "CHN": "China",
    "USA": "United States",
    "AUS": "Australia",
    "COD": "DR Congo",
    "GRL": "Greenland",
    "CHL": "Chile",
    "JPN": "Japan",
    "EU": "European Union",
    "CAN": "Canada",
    "IDN": "Indonesia",
    "UKR": "Ukraine",
    "KAZ": "Kazakhstan",
}
MONDAY = date(2026, 11, 16)


def share(count: int, n: int) -> Share:
    """A raw share with its 90 % Wilson interval."""
    if not n:
        return Share(None, None, None, 0)
    z, p = 1.6449, count / n
    middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Share(p, (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n), n)


def breakdown(name: str, realist: int, collaboration: int, skeptic: int, none: int) -> Breakdown:
    """Counts with the shares that follow from them."""
    counts = (realist, collaboration, skeptic)
    first, second, third = (share(count, sum(counts)) for count in counts)
    return Breakdown(name, (*counts, none), (first, second, third))


def moved(*changes: tuple[float, Verdict]) -> tuple[Move, Move, Move]:
    """Moves against the week before; against the eight weeks before they are half as wide, and chance."""
    one, two, three = (Move(change, verdict, change / 2, "no detectable change") for change, verdict in changes)
    return one, two, three


STILL = moved(*[(0.01, "no detectable change")] * 3)


def history() -> tuple[Breakdown, ...]:
    """26 weeks: a slow swing, one silent fortnight, one thin week and one week alone between gaps."""
    weeks = []
    for back in range(25, -1, -1):
        year, number, _ = (MONDAY - timedelta(weeks=back)).isocalendar()
        realist, skeptic = 62 + (25 - back) + 5 * (back % 4), 50 - (25 - back) // 2 + 4 * (back % 3)
        counts = (
            (0, 0, 0, 0)
            if back in {14, 15, 17}
            else (4, 3, 2, 31)
            if back == 9
            else (realist, 80 + 3 * (back % 5), skeptic, 380 + 7 * (back % 6))
        )
        weeks.append(breakdown(f"{year}-W{number:02}", *counts))
    return tuple(weeks)


def channels() -> tuple[ChannelHealth, ...]:
    """Thirty channels, of which four failed in different ways."""
    failures: dict[int, tuple[State, str]] = {
        3: ("blocked", "403 Forbidden for every user agent that names itself"),
        11: ("soft", "no answer within 20 seconds, five times in a row"),
        17: ("not_a_feed", "text/html instead of a feed; perhaps a consent page"),
        26: ("no_keys", "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET are not set"),
    }
    communities = ("trade-press", "general-press", "official", "think-tank", "investor", "geopolitics")
    return tuple(
        ChannelHealth(
            channel=f"{communities[i % 6]}-{i:02}",
            community=communities[i % 6],
            state=failures.get(i, ("ok", ""))[0],
            reason=failures.get(i, ("ok", ""))[1],
            fetched=0 if i in failures else 40 + i,
            new=0 if i in failures else 11 + (7 * i) % 23,
            updated=i % 3,
            dropped=i % 2,
        )
        for i in range(30)
    )


def quotations() -> tuple[Quotation, ...]:
    """One passage a stance."""
    told = (
        (
            "realist",
            "The ore was never the problem. Until somebody signs a ten-year offtake for separated oxide, "
            "the refinery stays a drawing.",
            "What a separation plant needs before it breaks ground",
            "trade-press-00",
            "news",
        ),
        (
            "industrial_collaboration",
            "A joint stockpile costs less than one winter of idle magnet lines, and each "
            "partner brings a step the others lack.",
            "Ministers weigh a shared reserve of magnet metals",
            "official-02",
            "news",
        ),
        (
            "skeptic",
            "Third roadmap in five years. Wake me up when one of them has poured concrete.",
            "Comment on: Allies announce a critical minerals roadmap",
            "geopolitics",
            "social",
        ),
    )
    return tuple(
        Quotation(
            stance,
            text,
            title,
            channel,
            f"https://example.org/{stance}?id={i}&lang=en",
            datetime(2026, 11, 17 + i, 9, 30, tzinfo=UTC),
            "social" if kind == "social" else "news",
        )
        for i, (stance, text, title, channel, kind) in enumerate(told)
    )


def counter() -> Quotation:
    """A second skeptic, from an opinion page."""
    return Quotation(
        "skeptic",
        "Every ally wants the magnet, and none of them wants the tailings; that is not a supply chain but a wish.",
        "Opinion: The alliance that would rather not dig",
        "general-press-01",
        "https://example.org/opinion/would-rather-not-dig",
        datetime(2026, 11, 20, 7, 0, tzinfo=UTC),
        "news",
        community="general-press",
        genre="op-ed",
    )


def themes() -> tuple[Theme, ...]:
    """Elements and watch points: some told, some too thin, one without items."""
    made = (
        ("element", "answer to third countries' export restrictions", 31, 24, 19, 60),
        ("element", "joint projects from mine to magnet", 12, 33, 9, 41),
        ("element", "stockpiling", 9, 14, 6, 22),
        ("element", "price support", 4, 5, 3, 12),
        ("element", "information sharing", 0, 0, 0, 0),
        ("watch point", "permitting and time", 21, 4, 11, 18),
        ("watch point", "trust between the allies", 3, 1, 6, 9),
    )
    return tuple(
        Theme("element" if kind == "element" else "watch point", breakdown(name, *counts))
        for kind, name, *counts in made
    )


def movers() -> tuple[Mover, ...]:
    """A burst that three minerals share, and a country whose stance moved."""
    story = Story("s-1", "Beijing halts licences for gallium and germanium", "https://example.org/licences", 6, 9)
    drop = moved((-0.14, "down"), (0.04, "no detectable change"), (0.10, "up"))
    return (
        Mover("mineral", breakdown("gallium", 24, 20, 17, 60), 34, 12.4, True, (story,), ("germanium", "antimony")),
        Mover("country", replace(breakdown("AUS", 18, 20, 22, 40), moves=drop), 41, 38.0, False),
    )


def events() -> tuple[Event, ...]:
    """Two events within the weeks; the second lies in a week without figures."""
    return (
        Event("licences", "China announces licences for exports of gallium", date(2026, 7, 3), "https://example.org/e"),
        Event("fund", "Allies sign a fund for joint refining", date(2026, 8, 12), "https://example.org/fund"),
    )


DRIFT = (
    Drift("length", 622, 4_480, 10, 0.031, 0.04, "steady"),
    Drift("confidence", 622, 4_480, 10, 0.052, 0.04, "steady"),
    Drift("source", 622, 4_480, 9, 0.24, 0.037, "moved"),
    Drift("language", 816, 6_010, 4, 0.004, 0.016, "steady"),
)


def queries() -> tuple[Query, ...]:
    """SQL of the kinds a digest carries: for each section, and one of its own."""
    weekly = (
        "select stance, items, raw_share, low, high\nfrom series_weekly\nwhere week = '2026-W47' and dimension = '{}'"
    )
    sections = {
        "Stance of the week": "all",
        "Stance by week, the last 26 weeks": "all",
        "Stance by community": "all",
        "Stance by theme": "theme",
        "Movers: bursts and verdicts": "mineral",
        "Quotations": "all",
        "Stance by mineral": "mineral",
        "Stance by country": "country",
    }
    health = Query("Health", "select state, count(*)\nfrom coverage\ngroup by state\norder by state")
    own = Query("Items read", "select count(*)\nfrom items\nwhere published_at >= date '2026-11-16' and n < 15")
    return (*(Query(title, weekly.format(dimension)) for title, dimension in sections.items()), health, own)


ATTACKS = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) ![pixel](https://evil.example/p.gif) <https://evil.example/>",
    "https://evil.example/a www.evil.example mail@evil.example [a]: https://evil.example",
    "# heading\n## second\n- item\n> quote\n\n---\n| a | b |\n```\ncode",
    "\u202eevil\u2066 مرحبا بالعالم، المعادن الحرجة \u05e9\u05dc\u05d5\u05dd",
    "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft" * 4,
    "\"'><svg onload=alert(1)>{{ 7*7 }}{% raw %}&lt;b&gt;&amp;\x00\x1b[31m\ud800",
)
BAD_URLS = (
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://a.example/"onmouseover="x y',
    "https://user:pass@evil.example/",
    "//evil.example/x",
    "https://[::1/",
    "http://a.example:99999/",
    None,
)
