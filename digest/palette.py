"""The page's colours, once: for the style sheet, the charts and the test of their contrast.

    LIGHT | DARK -> CSS custom properties
    a colour of LIGHT in a chart's SVG -> the property of the same name

Stance colours keep apart under protanopia, deuteranopia and tritanopia (Machado et al. 2009), and by lightness alone.
"""

from __future__ import annotations

from typing import Final

LIGHT: Final = {
    "paper": "#fbfaf7",
    "card": "#ffffff",
    "ink": "#1d2126",
    "muted": "#5a626b",
    "grid": "#e2dfd8",
    "axis": "#a7a399",
    "gap": "#efece5",
    "link": "#1a5f9e",
    "warn-ink": "#6b3a00",
    "warn-paper": "#fdf0d8",
    "realist": "#1c6fb8",
    "industrial_collaboration": "#b25300",
    "skeptic": "#5a1f56",
}
DARK: Final = {
    "paper": "#14181c",
    "card": "#1b2026",
    "ink": "#e6e8ea",
    "muted": "#a3abb3",
    "grid": "#2e353c",
    "axis": "#66707a",
    "gap": "#20262c",
    "link": "#7cc0f5",
    "warn-ink": "#ffd9a0",
    "warn-paper": "#3a2a10",
    "realist": "#4c9fe0",
    "industrial_collaboration": "#f0a030",
    "skeptic": "#f0c8ea",
}
DRAWN: Final = ("ink", "muted", "grid", "axis", "gap", "realist", "industrial_collaboration", "skeptic")
"""Names whose light colour is drawn into charts, and which the style sheet turns with the page."""


def properties(colours: dict[str, str]) -> str:
    """CSS declarations, one custom property a colour."""
    return " ".join(f"--{name.replace('_', '-')}: {colour};" for name, colour in colours.items())


def chart_rules() -> str:
    """CSS that lets the colours of a chart follow the page; without it a chart keeps its light colours."""
    return "\n".join(
        f'.chart [{attribute}="{LIGHT[name]}"] {{ {attribute}: var(--{name.replace("_", "-")}); }}'
        for name in DRAWN
        for attribute in ("fill", "stroke")
    )
