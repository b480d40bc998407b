"""A whole report: its figures, its JSON as the README tells it, and its page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from nlp import labelled
from nlp.evaluation import baseline, charts, page, report, tables
from nlp.training.data import AUTHORED
from records import LABELS, Label
from tests.chromium import NEEDED

README = (Path(report.__file__).parent / "README.md").read_text(encoding="utf-8")
HOSTILE = '<script>alert("x")</script>&'
LINES = AUTHORED.read_text(encoding="utf-8").splitlines()[::60]


@dataclass(frozen=True)
class Keyword:
    """A model of one rule: who asks says nothing, who doubts is a skeptic; sure where there is a context."""

    id: str = "keyword@0"
    quality: str = "none"

    def label(
        self, pairs: Sequence[tuple[str | None, str]], progress: Callable[[int], None] | None = None
    ) -> list[Label]:
        """One label for each pair."""
        if progress:
            progress(len(pairs))
        return [self._one(context, text) for context, text in pairs]

    def _one(self, context: str | None, text: str) -> Label:
        at = 3 if "?" in text else 2 if "will" in text and context else 1 if "build" in text else 3
        sure = 0.9 if context else 0.45
        rest = tuple(sure if i == at else (1 - sure) / 3 for i in range(4))
        return Label(self.id, LABELS[at], rest, sure, abstained=sure < 0.5)  # type: ignore[arg-type]


def sheet() -> labelled.Sheet:
    """Fifty authored texts, labelled by two, some low, some unsettled, some unusable; one source is hostile."""
    made = []
    for at, line in enumerate(LINES):
        row = json.loads(line)
        marks = {"ann": row["stance"], "bob": "none" if at % 7 == 0 else row["stance"]}
        row |= {"annotators": marks, "document": at // 3, "source": HOSTILE if at % 2 else "src"}
        row |= {"confidence": "low"} if at % 10 == 0 else {}
        made.append(json.dumps(row))
    made += ['{"id": 1, "text": "t", "annotators": {"ann": "none", "bob": "realist"}}', "{}"]
    return labelled.sheet("\n".join(made).encode(), f"{HOSTILE}.jsonl")


@pytest.fixture(scope="module")
def told() -> list[int]:
    """How many texts the progress was told of, step by step."""
    return []


@pytest.fixture(scope="module")
def full(told: list[int]) -> report.Report:
    """A report with everything in it."""
    bag = baseline.fit(labelled.read(AUTHORED)[1::30], seed=1)
    return report.evaluate(sheet(), Keyword(), bag, "a bag of words", told.append)


@pytest.fixture(scope="module")
def bare() -> report.Report:
    """A report on three texts of one label, without baseline, contexts or annotators."""
    lines = [json.dumps({"id": i, "text": f"Lithium fell {i}?", "stance": "none"}) for i in range(3)]
    return report.evaluate(labelled.sheet("\n".join(lines).encode(), "few.jsonl"), Keyword(), None, report.NO_BASELINE)


def test_every_line_is_accounted_for(full: report.Report, told: list[int]) -> None:
    """Scored, low, unsettled and bad lines add up, and the progress reaches what was announced."""
    texts = full.texts
    assert (texts.low, texts.unsettled, texts.bad) == (5, 1, 1)
    assert texts.scored + texts.low + texts.unsettled + texts.bad == len(LINES) + 2
    assert sum(texts.labels.values()) == texts.scored == sum(map(sum, full.figures.confusion))
    assert texts.documents == len({at // 3 for at in range(len(LINES)) if at % 10})
    assert sum(told) == report.amount(sheet())


def test_model_and_baseline_stand_side_by_side(full: report.Report) -> None:
    """Both are measured on the same texts; the gain is the difference; the baseline answers as many as the model."""
    assert full.baseline is not None
    assert full.gain is not None
    ours, theirs = full.figures, full.baseline
    assert full.gain.value == pytest.approx(ours.macro_f1.value - theirs.macro_f1.value)
    assert full.gain.low < full.gain.value < full.gain.high
    assert (ours.answered.n, ours.answered.coverage) == (theirs.answered.n, theirs.answered.coverage)
    assert 0 < ours.answered.coverage < 1
    assert {key: row.n for key, row in ours.by_source.items()} == {k: row.n for k, row in theirs.by_source.items()}
    assert ours.context is not None
    assert ours.context.changed > 0


def test_the_surest_are_the_same_everywhere(full: report.Report) -> None:
    """Accuracy on the surest 65 % stands twice, and is one figure; the surest of all are all."""
    told = {str(name): cell for name, *cell in tables.tables(full)["coverage"].rows}
    assert full.baseline is not None
    assert told["accuracy, surest 65\u00a0%"] == [
        pytest.approx(figures.accuracy_surest_65) for figures in (full.figures, full.baseline)
    ]
    assert told["accuracy, surest 100\u00a0%"][0] == pytest.approx(full.figures.accuracy.value)


def test_people_are_compared_over_all_that_both_labelled(full: report.Report) -> None:
    """Agreement counts low and unsettled texts too, else it would flatter."""
    (pair,) = full.annotators
    assert (pair.first, pair.second, pair.n) == ("ann", "bob", len(LINES) + 1)
    assert 0 < (pair.kappa or 0) < pair.share < 1


def keys(value: Any) -> Iterator[str]:
    """Every key in a JSON value, but for those of counts by label and groups by name."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield key
        named = key in ("labels", "by_kind", "by_source")
        yield from keys(next(iter(inner.values())) if named else inner)
    for inner in value if isinstance(value, list) else ():
        yield from keys(inner)


def test_the_readme_tells_every_key(full: report.Report, bare: report.Report) -> None:
    """report.json is JSON without NaN, each of its keys stands in the README, and it does not vary."""
    found = json.loads(report.as_json(full), parse_constant=pytest.fail)
    assert found["format"] == "oresight-evaluation/1"
    assert found["figures"]["macro_f1"]["value"] == full.figures.macro_f1.value
    shape = README[README.index("## report.json") :]
    assert {key for key in keys(found) if f"`{key}`" not in shape and f'"{key}"' not in shape} == set()
    assert json.loads(report.as_json(bare), parse_constant=pytest.fail)["baseline"] is None
    again = report.evaluate(sheet(), Keyword(), None, "")
    assert report.as_json(again) == report.as_json(replace(full, baseline=None, gain=None, baseline_note=""))


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\x00\xff" * 99, b"{}\n[]\n", b"%PDF-1.7\n" * 9])
def test_nothing_usable_is_one_line(data: bytes) -> None:
    """Bytes without a labelled text are an error of one line that names the file."""
    with pytest.raises(report.EvaluationError, match=r"^x") as caught:
        report.evaluate(labelled.sheet(data, "x"), Keyword(), None, "")
    assert "\n" not in str(caught.value)


def test_tables_leave_out_what_is_not_there(full: report.Report, bare: report.Report) -> None:
    """Rows are as wide as their columns; without a baseline no column speaks of one."""
    for table in (*tables.tables(full).values(), *tables.tables(bare).values()):
        assert {len(row) for row in table.rows} == {len(table.columns)}
    assert {"context", "annotators", "baseline_confusion"} <= set(tables.tables(full))
    assert not {"context", "annotators", "baseline_confusion"} & set(tables.tables(bare))
    assert not [c for t in tables.tables(bare).values() for c in t.columns if c.startswith("baseline")]


class Reader(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:  # noqa: D102
        self.words += data


@pytest.fixture(scope="module")
def pages(full: report.Report, bare: report.Report) -> tuple[str, str]:
    """Both reports as pages."""
    return page.html(full), page.html(bare)


def test_the_page_stands_by_itself(full: report.Report, pages: tuple[str, str]) -> None:
    """No script, no address to load from, what the file brought is text, and the same report is the same page."""
    made = pages[0]
    read = Reader(made)
    assert "script" not in {tag for tag, _ in read.tags}
    assert not [attrs for tag, attrs in read.tags if {"src", "href"} & attrs.keys()]
    assert not re.findall(r"url\(|@import", made)
    assert HOSTILE in read.words
    assert made == page.html(full)


def test_charts_have_words_and_turn_with_the_page(pages: tuple[str, str]) -> None:
    """Three charts, each with a text alternative that tells figures; all their colours are ones the style turns."""
    for made, whom in zip(pages, (("model", "baseline"), ("model",)), strict=True):
        read = Reader(made)
        told = [str(attrs.get("aria-label")) for _, attrs in read.tags if attrs.get("role") == "img"]
        assert len(told) == 3
        assert all(who in words and re.search(r"\d", words) for words in told for who in whom)
        drawn = [attrs for tag, attrs in read.tags if tag in ("path", "text", "line", "rect", "g")]
        colours = {str(attrs[k]) for attrs in drawn for k in ("fill", "stroke") if str(attrs.get(k)).startswith("#")}
        assert colours
        assert colours <= {charts.LIGHT[name] for name in charts.DRAWN}


def test_the_verdict_says_no_more_than_the_interval(full: report.Report, bare: report.Report) -> None:
    """Better and worse are said only where the interval of the gain leaves nought out."""
    assert "no baseline" in page.verdict(bare)
    for low, high, word in ((0.1, 0.3, "better"), (-0.3, -0.1, "worse"), (-0.1, 0.1, "chance could")):
        gain = replace(full.gain, low=low, high=high)  # type: ignore[type-var]
        assert word in page.verdict(replace(full, gain=gain))


@NEEDED
def test_a_browser_shows_it_at_every_width(browser: Browser, pages: tuple[str, str], tmp_path: Path) -> None:
    """Nothing is wider than a telephone or a desk, nothing else is asked for, and dark mode turns page and charts."""
    (tmp_path / "report.html").write_text(pages[0], encoding="utf-8")
    window = browser.new_page(color_scheme="light")
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    window.on("console", lambda message: asked.append(message.text))
    window.goto((tmp_path / "report.html").as_uri())
    window.evaluate("document.querySelectorAll('details').forEach(detail => detail.open = true)")
    for width in (360, 1280):
        window.set_viewport_size({"width": width, "height": 740})
        assert window.evaluate("document.documentElement.scrollWidth") <= width
    look = "([place, property]) => getComputedStyle(document.querySelector(place))[property]"
    asks = (["body", "color"], [".chart text", "fill"])
    light = [window.evaluate(look, ask) for ask in asks]
    window.emulate_media(color_scheme="dark")
    dark = [window.evaluate(look, ask) for ask in asks]
    assert all(one != other for one, other in zip(light, dark, strict=True))
    assert asked == [(tmp_path / "report.html").as_uri()]
    window.close()
