"""Charts and colours: what is drawn, what is said instead, and whether it can be seen."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from digest import charts, palette
from records import STANCES, Breakdown
from tests.digest import examples

SVG = "{http://www.w3.org/2000/svg}"
VISION = {  # Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
    "full": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour: str) -> np.ndarray:
    """A hex colour as linear RGB."""
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Linear RGB in Ottosson's OKLab, in which distances are about as they look."""
    to_lms = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
    to_lab = [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]
    lab: np.ndarray = np.array(to_lab) @ np.cbrt(np.clip(np.array(to_lms) @ rgb, 0, None))
    return lab


@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_colours_can_be_read(colours: dict[str, str]) -> None:
    """Text has a contrast of 4.5 or more with what it stands on (WCAG 2 AA), marks 3 or more also beside a gap."""
    texts = ("ink", "muted", "link", *STANCES)
    assert min(contrast(colours[name], colours["paper"]) for name in texts) >= 4.5
    assert contrast(colours["ink"], colours["card"]) >= 4.5
    assert min(contrast(colours[stance], colours["gap"]) for stance in STANCES) >= 3
    assert contrast(colours["warn-ink"], colours["warn-paper"]) >= 4.5


@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_stances_keep_apart_for_every_eye(vision: str, colours: dict[str, str]) -> None:
    """The three colours differ by OKLab 0.12 or more also under colour blindness."""
    seen = [oklab(np.array(VISION[vision]) @ linear(colours[stance])) for stance in STANCES]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) >= 0.12


def test_every_colour_of_a_chart_follows_the_page() -> None:
    """A chart holds no colour that the style sheet does not turn in dark mode."""
    digest = examples.rich()
    drawn = [charts.weeks(stance, digest.history) for stance in STANCES] + [charts.communities(digest.communities)]
    used = {c for chart in drawn if chart for c in re.findall(r'(?:fill|stroke)="([^"]+)"', chart.svg)}
    assert used - {"none", "transparent"} <= {palette.LIGHT[name] for name in palette.DRAWN}
    assert {palette.LIGHT[stance] for stance in STANCES} <= used


def strokes(svg: str) -> list[int]:
    """How many points each unbroken piece of the line has."""
    [line] = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if "mark-line" in g.get("class", "")]  # noqa: S314 - ours
    return [len(piece.split("L")) for piece in line[0].get("d", "M").split("M")[1:]]


def test_gaps_stay_gaps() -> None:
    """The line breaks at silent and at thin weeks, and a week alone between gaps is a piece of its own."""
    chart = charts.weeks("realist", examples.history())
    assert chart is not None
    assert strokes(chart.svg) == [8, 1, 4, 9]
    assert chart.alt.endswith("4 weeks have no figure.")


def test_a_week_the_history_leaves_out_is_a_gap_too() -> None:
    """Weeks are placed by the calendar, across the turn of the year, not by their place in the list."""
    names = ("2026-W51", "2026-W52", "2026-W53", "2027-W02")
    chart = charts.weeks("skeptic", [examples.breakdown(name, 20, 20, 20, 0) for name in names])
    assert chart is not None
    assert strokes(chart.svg) == [3, 1]
    assert "over 5 weeks" in chart.alt


def test_no_chart_without_two_weeks_or_one_community() -> None:
    """Where nothing can be told nothing is drawn."""
    thin = examples.thin()
    assert charts.weeks("realist", thin.history) is None
    assert charts.weeks("realist", ()) is None
    assert charts.communities(thin.communities) is None
    assert charts.communities(()) is None


def positions(svg: str) -> list[float]:
    """The dots' distances from the left edge of the plot, in pixels."""
    root = ET.fromstring(svg)  # noqa: S314 - ours
    dots = [p for g in root.iter(f"{SVG}g") if "mark-symbol" in g.get("class", "") for p in g.iter(f"{SVG}path")]
    return [float(re.findall(r"translate\(([\d.]+),", dot.get("transform", ""))[0]) for dot in dots]


def test_dots_stand_at_their_shares() -> None:
    """Three dots a community at the places of its shares; none for a community below the floor."""
    told: tuple[Breakdown, ...] = (examples.breakdown("official", 5, 25, 20, 0), examples.breakdown("few", 9, 3, 2, 0))
    chart = charts.communities(told)
    assert chart is not None
    at = sorted(positions(chart.svg))
    assert [round(place / 216, 2) for place in at] == [0.1, 0.4, 0.5]
    assert "Few" not in chart.svg
    assert "1 without a figure" in chart.alt


def test_higher_shares_stand_higher() -> None:
    """A rising line rises."""
    weeks = [examples.breakdown(f"2026-W{20 + i}", 20 + 10 * i, 30, 30, 0) for i in range(5)]
    chart = charts.weeks("realist", weeks)
    assert chart is not None
    [line] = re.findall(r'<path d="(M[^"Z]+)" stroke', chart.svg)
    heights = [float(point.split(",")[1]) for point in re.split("[ML]", line)[1:]]
    assert all(after < before for before, after in pairwise(heights))


def test_hostile_names_stay_text() -> None:
    """A name from outside cannot become an element of the drawing, nor a link, a script or an image."""
    named = [replace(examples.breakdown("x", 9, 9, 9, 9), name=attack) for attack in examples.ATTACKS]
    chart = charts.communities(named)
    assert chart is not None
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(chart.svg).iter()}  # noqa: S314 - ours
    assert tags <= {"svg", "g", "path", "line", "text", "rect"}
