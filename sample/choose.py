"""Chooses the sample, once: `python -m sample.choose` writes items.jsonl.

    authored.jsonl + extras.jsonl -> articles, threads -> a week and an hour for each -> items.jsonl

Deterministic: the same texts give the same file. About half of the items take no position, as most real ones do not;
the stances of the others drift over the eight weeks (PROFILE), so that a chart of them has something to show. A few
stories are told by two outlets. All texts, names and addresses are this project's own inventions.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sample.channels import OUTLETS
from sample.rows import ITEMS, WEEKS, Row
from sample.writing import author, headline, slug, subreddit

AUTHORED = Path(__file__).parents[1] / "nlp" / "training" / "data" / "authored.jsonl"
EXTRAS = Path(__file__).with_name("extras.jsonl")
SEED = 47
# The last week, the one that the page tells, is busier, so that most communities have enough items to say something.
ARTICLES = (*[52] * 7, 160)
REMARKS = (*[44] * 7, 150)
SUBJECT = re.compile(
    r"rare.earth|critical (raw )?m|strategic m|lithium|cobalt|nickel|graphite|gallium|germanium|antimony|tungsten"
    r"|copper|uranium|dysprosium|terbium|neodymium|ndpr|scandium|yttrium|manganese|tantalum|niobium|titanium|vanadium",
    re.IGNORECASE,
)
OFF_SUBJECT = 0.06
"""The share of texts that may name nothing of the above: real streams have them, and the gates must meet some."""
# Of those that take a position: realist, industrial collaboration, skeptic, from the oldest week to the last.
STANCES = ("realist", "industrial_collaboration", "skeptic")
PROFILE = (
    (0.40, 0.40, 0.20),
    (0.35, 0.45, 0.20),
    (0.30, 0.50, 0.20),
    (0.40, 0.35, 0.25),
    (0.40, 0.25, 0.35),
    (0.35, 0.20, 0.45),
    (0.30, 0.30, 0.40),
    (0.45, 0.25, 0.30),
)
NONE_SHARE = 0.54
LEANINGS = {  # which outlets carry which stance more often than others
    "trade-press": {"none": 3, "realist": 3, "industrial_collaboration": 2, "skeptic": 2},
    "general-press": {"none": 3, "realist": 1, "industrial_collaboration": 2, "skeptic": 3},
    "official": {"none": 4, "realist": 2, "industrial_collaboration": 3, "skeptic": 0},
    "think-tank": {"none": 1, "realist": 4, "industrial_collaboration": 2, "skeptic": 3},
    "company": {"none": 4, "realist": 1, "industrial_collaboration": 4, "skeptic": 0},
}
Text = dict[str, Any]


def quotas(size: int, week: int) -> Counter[str]:
    """Return how many items of each label a week of `size` items gets."""
    taken = round(size * (1 - NONE_SHARE))
    shares = [round(taken * share) for share in PROFILE[week]]
    return Counter(dict(zip(STANCES, shares, strict=True)) | {"none": size - sum(shares)})


def choose(texts: Sequence[Text], extras: Sequence[Text]) -> list[Row]:
    """Return the sample's rows, oldest first."""
    rng = random.Random(SEED)  # noqa: S311 - a repeatable choice, not a secret
    texts = [t for t in texts if SUBJECT.search(f"{t['context']} {t['text']}") or rng.random() < OFF_SUBJECT]
    rows = [*_articles([t for t in texts if t["source_kind"] == "news"], extras, rng)]
    rows += _syndicated(rows)
    rows += _threads([t for t in texts if t["source_kind"] == "social"], rng)
    return sorted(rows, key=lambda row: (-row.days_before, row.at, row.id))


def _articles(news: Sequence[Text], extras: Sequence[Text], rng: random.Random) -> Iterator[Row]:
    pools = _pools(news, rng)
    wanted = [(week, label) for week in range(WEEKS) for label in quotas(ARTICLES[week], week).elements()]
    outlets = [outlet for outlet in OUTLETS if not outlet.broken]
    filled: Counter[str] = Counter()
    for number, (week, label) in enumerate(wanted):
        text = pools[label].pop()
        weights = [LEANINGS[o.community][label] / (1 + filled[o.name]) for o in outlets]
        outlet = rng.choices(outlets, weights)[0].name
        filled[outlet] += 1
        title, body = headline(text["text"])
        yield _article(f"n{number:03}", outlet, week, (title, body, text["id"]), rng)
    for number, extra in enumerate(extras):
        told = (extra["title"], extra["text"], "sample")
        yield _article(f"x{number:03}", extra["channel"], number % WEEKS, told, rng)


def _article(key: str, outlet: str, week: int, told: tuple[str, str, str], rng: random.Random) -> Row:
    title, body, source = told
    url = f"https://example.org/{outlet}/{slug(title)}-{key}"
    return Row(key, outlet, "article", _day(week, rng), _clock(rng), title, body, None, None, author(rng), url, source)


def _syndicated(articles: Sequence[Row]) -> list[Row]:
    """Return copies of a few articles in another outlet, published a little later under another address."""
    told = [row for row in articles if row.channel == "ore-gazette" and row.text and row.at < "20:00"][::4]
    return [
        replace(
            row,
            id=row.id.replace("n", "y"),
            channel="harbour-courier",
            at=f"{int(row.at[:2]) + 3:02}{row.at[2:]}",
            url=row.url.replace("ore-gazette", "harbour-courier"),
        )
        for row in told
    ]


def _threads(social: Sequence[Text], rng: random.Random) -> Iterator[Row]:
    threads: dict[str, list[Text]] = defaultdict(list)
    for text in social:
        threads[(text["context"] or "").partition(" || ")[0]].append(text)
    lone = threads.pop("")
    plan = [quotas(REMARKS[week], week) for week in range(WEEKS)]
    key = 0
    for title, remarks in _in_turn(threads, rng):
        wants = Counter(remark["stance"] for remark in remarks)
        week = max(range(WEEKS), key=lambda w: (sum((plan[w] & wants).values()), -w))
        if 2 * sum((plan[week] & wants).values()) <= len(remarks):
            continue
        plan[week] -= wants
        yield from _thread(key, title, remarks, week, rng)
        key += 1
    for week, missing in enumerate(plan):
        for text in [t for t in lone if missing[t["stance"]]][: sum(missing.values())]:
            if missing[text["stance"]]:
                missing[text["stance"]] -= 1
                lone.remove(text)
                yield from _post_alone(key, text, week, rng)
                key += 1


def _thread(key: int, title: str, remarks: Sequence[Text], week: int, rng: random.Random) -> Iterator[Row]:
    top, sub = f"sa{key:03}", subreddit(title)
    days, hour, minute = _day(week, rng, last=2), rng.randrange(24), rng.randrange(60)
    url = f"https://example.org/linked/{slug(title)}"
    yield Row(top, sub, "submission", days, f"{hour:02}:{minute:02}", title, "", None, None, author(rng), url, "sample")
    since = hour * 60 + minute
    parents: dict[str, str] = {}
    for number, remark in enumerate(_answers(remarks)):
        since += rng.randrange(4, 75)
        parent = parents.get(remark["parent"], top)
        row = f"{top.replace('sa', 'ca')}{number:02}"
        parents.setdefault(remark["text"], row)
        day, at = max(days - since // 1440, (WEEKS - 1 - week) * 7 + 1), since % 1440
        clock = f"{at // 60:02}:{at % 60:02}"
        yield Row(row, sub, "comment", day, clock, "", remark["text"], top, parent, author(rng), url, remark["source"])


def _answers(remarks: Iterable[Text]) -> Iterator[Text]:
    """Give each comment after the one that it answers, which some texts only quote."""
    told: set[str] = set()
    for remark in remarks:
        parent = remark["context"].partition(" || ")[2]
        if parent and parent not in told:
            told.add(parent)
            yield {"text": parent, "parent": "", "source": "sample"}
        told.add(remark["text"])
        yield {"text": remark["text"], "parent": parent, "source": remark["id"]}


def _post_alone(key: int, text: Text, week: int, rng: random.Random) -> Iterator[Row]:
    title, body = headline(text["text"])
    top, sub, url = f"sa{key:03}", subreddit(text["text"]), f"https://example.org/linked/{slug(title)}"
    day = _day(week, rng)
    yield Row(top, sub, "submission", day, _clock(rng), title, body, None, None, author(rng), url, text["id"])


def _in_turn(threads: dict[str, list[Text]], rng: random.Random) -> list[tuple[str, list[Text]]]:
    """Long threads first: they are what a reader of Reddit knows. Equal ones in a shuffled order."""
    turn = sorted(threads.items())
    rng.shuffle(turn)
    return sorted(turn, key=lambda thread: -len(thread[1]))


def _pools(texts: Sequence[Text], rng: random.Random) -> dict[str, list[Text]]:
    pools: dict[str, list[Text]] = defaultdict(list)
    for text in rng.sample(texts, len(texts)):
        if len(re.sub(r"\W+", "", text["text"])) > 25:
            pools[text["stance"]].append(text)
    return pools


def _day(week: int, rng: random.Random, last: int = 0) -> int:
    return (WEEKS - 1 - week) * 7 + rng.randint(1 + last, 7)


def _clock(rng: random.Random) -> str:
    return f"{rng.randint(5, 21):02}:{rng.randrange(60):02}"


def _read(path: Path) -> list[Text]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def main() -> None:
    """Write items.jsonl beside this file."""
    rows = choose(_read(AUTHORED), _read(EXTRAS))
    ITEMS.write_text("".join(json.dumps(asdict(r), ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
