"""The sample's channels: invented outlets and subreddits, every kind of community among them.

OUTLETS, SUBREDDITS -> channels_toml(base_url) -> a channels.toml for the sample's server
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Format = Literal["rss", "atom", "json"]


@dataclass(frozen=True, slots=True)
class Outlet:
    """A feed of the sample. `broken` ones answer 503, so that the page shows what a failed channel looks like."""

    name: str
    title: str
    community: str
    format: Format
    keep: str = "relevant"
    broken: bool = False

    @property
    def path(self) -> str:
        """Return where the sample's server offers it."""
        return f"/feeds/{self.name}.{'json' if self.format == 'json' else 'xml'}"


@dataclass(frozen=True, slots=True)
class Sub:
    """A subreddit of the sample."""

    name: str
    community: str


OUTLETS = (
    Outlet("ore-gazette", "The Ore Gazette", "trade-press", "rss", "all"),
    Outlet("smelter-weekly", "Smelter Weekly", "trade-press", "rss", "all"),
    Outlet("drill-and-mill", "Drill & Mill", "trade-press", "atom", "all"),
    Outlet("magnet-monitor", "Magnet Monitor", "trade-press", "json", "all"),
    Outlet("harbour-courier", "Harbour Courier", "general-press", "rss"),
    Outlet("morning-ledger", "The Morning Ledger", "general-press", "atom"),
    Outlet("rheinblatt", "Rheinblatt International", "general-press", "rss"),
    Outlet("minerals-office", "Minerals Office: notices", "official", "atom"),
    Outlet("trade-register", "Trade Register", "official", "rss"),
    Outlet("narrows-institute", "Narrows Institute", "think-tank", "rss"),
    Outlet("supply-policy-review", "Supply Policy Review", "think-tank", "json"),
    Outlet("fairwater-metals", "Fairwater Metals: newsroom", "company", "rss", "all"),
    Outlet("arctic-anodes", "Arctic Anodes: press releases", "company", "atom", "all"),
    Outlet("basin-bulletin", "Basin Bulletin", "trade-press", "rss", broken=True),
)
SUBREDDITS = (
    Sub("OreInvestors", "investor"),
    Sub("TradeEconomics", "economics"),
    Sub("StrategyTable", "geopolitics"),
    Sub("BatteryTech", "energy-tech"),
    Sub("EuropeanIndustry", "regional"),
)


def channels_toml(base_url: str) -> str:
    """Return the text of a channels.toml that points at the sample's server."""
    feeds = (
        f'[[feed]]\nname = "{o.name}"\nurl = "{base_url}{o.path}"\ncommunity = "{o.community}"\nkeep = "{o.keep}"\n'
        for o in OUTLETS
    )
    subs = (
        f'[[subreddit]]\nname = "{s.name}"\ncommunity = "{s.community}"\nkeep = "all"\ncomments = true\n'
        for s in SUBREDDITS
    )
    return "\n".join((*feeds, *subs))
