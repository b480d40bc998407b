"""The same numbers in every form: page, Markdown, JSON, the e-mail's two forms and the chat."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from digest import chat, mail
from digest.page import page
from digest.words import STANCE_NAMES
from records import STANCES
from tests.digest import examples
from tests.digest.test_render import GOLDEN, Seen

FORMS = ("html", "md", "mail html", "mail text")
_NOT_FIGURES = re.compile(r"[|()%*]|\bof\b(?! items)")


def bare(text: str) -> str:
    """A text without what forms wrap around numbers: tables' bars, brackets, percent signs, soft hyphens."""
    plain = _NOT_FIGURES.sub(" ", text.replace("\N{SOFT HYPHEN}", "").replace("\\", ""))
    return " ".join(plain.replace("\N{NO-BREAK SPACE}", " ").split())


def golden(form: str) -> str:
    """The rich week as a page that test_render holds the renderers to."""
    return (GOLDEN / f"rich.{form}").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """The rich week in every form people read."""
    digest = examples.rich()
    sheet = page(digest, examples.NAMES)
    texts = {
        "html": " ".join(Seen(golden("html")).texts),
        "md": golden("md"),
        "mail html": " ".join(Seen(mail.html(digest, sheet, [])).texts),
        "mail text": mail.text(digest, sheet),
        "chat": chat.chat(digest, examples.NAMES)[1],
    }
    return {form: bare(text) for form, text in texts.items()}


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """The rich week as JSON."""
    whole: dict[str, Any] = json.loads(golden("json"))
    return whole


def figures(share: dict[str, float]) -> str:
    """A share and its interval, as whole percentages."""
    return f"{100 * share['value']:.0f} {100 * share['low']:.0f}–{100 * share['high']:.0f}"


def shares(breakdown: dict[str, Any]) -> str:
    """Share and interval of each stance, as whole percentages."""
    return " ".join(
        f"{100 * share['value']:.0f} {100 * share['low']:.0f}–{100 * share['high']:.0f}"
        for share in breakdown["shares"]
    )


def rows(kept: dict[str, Any]) -> list[str]:
    """Every row that all forms tell: name, n, items, shares with their intervals."""
    themes = [theme["breakdown"] for theme in kept["themes"]]
    found = [*kept["communities"], *themes, *kept["minerals"][: mail.ROWS], *kept["countries"][: mail.ROWS]]
    lines = []
    for one in found:
        n, items = sum(one["counts"][:3]), sum(one["counts"])
        if n >= 15:
            name = one.get("in_words") or one["name"].replace("-", " ").replace("_", " ").capitalize()
            lines.append(f"{name} {n} {items} {shares(one)}")
    return lines


@pytest.mark.parametrize("form", FORMS)
def test_rows_agree(told: dict[str, str], kept: dict[str, Any], form: str) -> None:
    """n, items, shares and intervals of every row are those of the JSON."""
    expected = rows(kept)
    assert len(expected) > 18
    text = re.sub(r" (?:CHN|USA|AUS|COD|GRL|element|watch point) ", " ", told[form])
    assert [line for line in expected if line.lower() not in text.lower()] == []


@pytest.mark.parametrize("form", [*FORMS, "chat"])
def test_the_week_agrees(told: dict[str, str], kept: dict[str, Any], form: str) -> None:
    """The week's shares, intervals, counts and n, and its verdict."""
    total = kept["week_total"]
    for at, stance in enumerate(STANCES):
        share = total["shares"][at]
        count, name = total["counts"][at], STANCE_NAMES[stance]
        orders = (rf"{name}:? {figures(share)}\b.{{0,80}}?\b{count}\b", rf"{name} {count} items {figures(share)}\b")
        assert any(re.search(order, told[form]) for order in orders), orders
    assert f"n = {sum(total['counts'][:3])}" in told[form]
    assert bare(kept["verdict"]) in told[form]


@pytest.mark.parametrize("form", FORMS)
def test_changes_agree(told: dict[str, str], kept: dict[str, Any], form: str) -> None:
    """Changes in points against the week before and the eight weeks before, with their sign."""
    for move in kept["week_total"]["moves"]:
        for change in (move["change"], move["long_change"]):
            points = round(100 * change)
            sign = "±" if points == 0 else "+" if points > 0 else "−"
            assert f"{sign}{abs(points)} " in told[form]


@pytest.mark.parametrize("form", FORMS)
def test_health_agrees(told: dict[str, str], kept: dict[str, Any], form: str) -> None:
    """What the figures rest on."""
    health = kept["health"]
    expected = {
        "Channels due": len(health["channels"]), "Delivered": health["delivered"], "Items read": health["items"],
        "Labelled": health["labelled"], "Duplicates folded": health["duplicates"], "Gaps": len(health["gaps"]),
        "Abstained": health["abstained"], "Guessed dates": health["guessed_dates"],
        "Deletions honoured": health["deletions"],
    }  # fmt: skip
    wrong = {
        name: number
        for name, number in expected.items()
        if not re.search(rf"(?<!Not )\b{name}:? {number}\b", told[form], re.IGNORECASE)
    }
    assert wrong == {}


def test_the_chat_tells_health(told: dict[str, str], kept: dict[str, Any]) -> None:
    """Delivered and due, and what took a stance."""
    assert f"{kept['health']['delivered']} {len(kept['health']['channels'])} channels due delivered" in told["chat"]
    assert f"on {kept['health']['abstained']} the model abstained" in told["chat"]
    assert len(told["chat"]) < 900
