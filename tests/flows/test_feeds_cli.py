"""Every way in which servers misbehave, met by the real command in one run: a state and a reason for each.

The other channels are unharmed; a second run catches up, and adds nothing that is there already.
"""

from __future__ import annotations

import os
import subprocess
import time
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.flows.command import ORESIGHT, environment, oresight
from tests.flows.test_demo import ask
from tests.servers import Route, Server, answer, cut, drip, redirect

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

STORY = (
    "The ministry granted the permit for a separation plant on Tuesday after two years of hearings, and the company "
    "said that the first oxides would leave the site in the spring of next year. Lenders had waited for the permit "
    "before they would sign, and the union asked for a plan for the tailings, which the regulator has promised to "
    "publish within the month. Farmers downstream keep their complaint before the court, but they no longer ask for "
    "a halt."
)


def item(number: int, **more: str) -> str:
    """One item of an RSS feed, as XML."""
    keys = {
        "title": f"Lithium refinery number {number} gets its permit",
        "link": f"https://example.org/{number}",
        "guid": f"g{number}",
        "pubDate": "Mon, 16 Nov 2026 10:00:00 GMT",
        **more,
    }
    return "<item>" + "".join(f"<{k}>{v}</{k}>" for k, v in keys.items() if v) + "</item>"


def rss(*items: str) -> bytes:
    """A whole RSS feed."""
    prolog = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>t</title>'
    return f"{prolog}{''.join(items)}</channel></rss>".encode()


def bomb(megabytes: int) -> bytes:
    """Gzip that unpacks to so many megabytes, made without holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b" " * 1_000_000
    return b"".join(packer.compress(piece) for _ in range(megabytes)) + packer.flush()


HOSTILE = {
    "attributes": b'<?xml version="1.0"?><rss version="2.0"><channel><item '
    + b" ".join(b'a%d="%d"' % (n, n) for n in range(50_000))
    + b"><title>x</title></item></channel></rss>",
    "nested": b'<rss version="2.0"><channel><item><title>'
    + b"<b>" * 20_000
    + b"Lithium</title></item></channel></rss>",
    "brackets": b'<rss version="2.0"><channel>' + b"<" * 1_000_000,
}
"""What keeps a parser busy: its deadline ends it, or it copes; no other channel waits for it."""

MARKUP = (
    '&lt;p onclick="evil()"&gt;Refining &lt;a href="javascript:evil()"&gt;costs&lt;/a&gt; '
    "&lt;script&gt;evil()&lt;/script&gt;"
    '&lt;img src="https://tracker.example/p.gif" width="1"&gt;&lt;iframe src="data:text/html,evil"&gt;&lt;/iframe&gt;'
    "money.&lt;/p&gt;"
)

CONTENT: dict[str, tuple[bytes, str, int]] = {
    "stray": (rss(item(1, title="Ore & smelters"), item(2), item(3)), "ok", 3),
    "zero-date": (rss(item(1, pubDate="0000-00-00"), item(2)), "ok", 2),
    "prolog": (rss(item(1, title="Zölle auf Graphit"), item(2)).replace(b'"utf-8"', b'"utf-16"'), "ok", 2),
    "nul": (rss(item(1, title="Tin\0 and\x08 tungsten"), item(2)), "ok", 2),
    "no-body": (b"", "empty", 0),
    "html": (b"<!doctype html><html><body>Sign in</body></html>", "not_a_feed", 0),
    "cut-text": (rss(*(item(n) for n in range(10)))[: int(len(rss(*(item(n) for n in range(10)))) * 0.9)], "ok", 9),
    "twice": (rss(item(1, guid="same"), item(2, guid="same")), "ok", 2),
    "markup": (
        rss(
            item(1, description=MARKUP),
            item(2, link="javascript:evil()"),
            item(3, link="data:text/html,evil()"),
            item(4, title="&lt;script&gt;evil()&lt;/script&gt;Cobalt"),
        ),
        "ok",
        4,
    ),
}
"""Bodies, with the state and the entries that must come of them."""

INSIDE = {
    "file": "file:///etc/passwd",
    "decimal": "http://2130706433:{port}/inside",
    "hex": "http://0x7f000001:{port}/inside",
    "mapped": "http://[::ffff:127.0.0.1]:{port}/inside",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "name": "http://localhost:{port}/inside",
}
"""Where a redirect must not lead: only 127.0.0.1, in these digits, is allowed by name."""

STATUS = {
    "busy-s": (429, "soft"),
    "busy-date": (429, "soft"),
    "down": (503, "soft"),
    "gone": (410, "gone"),
    "refused": (403, "blocked"),
    "missing": (404, "hard"),
}


class World(NamedTuple):
    """The servers, the home, and what both runs left."""

    server: Server
    home: Path
    env: dict[str, str]
    first: subprocess.CompletedProcess[bytes]
    seconds: float
    seen: list[str]
    first_rows: dict[str, dict[str, str]]
    second: subprocess.CompletedProcess[bytes]
    second_seen: list[str]
    rows: dict[str, dict[str, str]]


def coverage(home: Path) -> dict[str, dict[str, str]]:
    """The last run's row of each channel."""
    sql = (
        "select channel, state, fetched, new, dropped, reason from coverage"
        " where run_id = (select arg_max(run_id, started_at) from runs)"
    )
    return {row["channel"]: row for row in ask(home, sql)}


def routes(now: datetime) -> dict[str, Route]:
    """What every path of the server does in the first run."""
    found: dict[str, Route] = {f"/{name}": answer(body) for name, (body, _, _) in CONTENT.items()}
    found |= {f"/{name}": answer(body) for name, body in HOSTILE.items()}
    found |= {f"/good{n}": answer(rss(item(n * 10), item(n * 10 + 1)), ETag=f'"{n}"') for n in range(6)}
    whole, short = STORY, STORY[: len(STORY) * 2 // 3]
    return found | {
        "/bomb": answer(bomb(300), Content_Encoding="gzip", Content_Type="text/xml"),
        "/drip": drip(0.5),
        "/cut-wire": cut(rss(*(item(n) for n in range(10))), int(len(rss(*(item(n) for n in range(10)))) * 0.9)),
        "/permanent": redirect("/permanent2", 301),
        "/permanent2": redirect("/good0", 308),
        "/temporary": redirect("/good1", 302),
        "/loop": redirect("/loop", 302),
        "/down": answer(b"", 503, Retry_After="7200"),
        "/gone": answer(b"", 410),
        "/refused": answer(b"", 403),
        "/busy-s": answer(b"", 429, Retry_After="7200"),
        "/busy-date": answer(b"", 429, Retry_After=format_datetime(now + timedelta(hours=5), usegmt=True)),
        "/whole": answer(
            rss(item(1, guid="w1", link="https://one.example/permit", title="Permit for a plant", description=whole))
        ),
        "/short": answer(
            rss(item(1, guid="s1", link="https://two.example/news/7", title="News in brief", description=short))
        ),
        "/guids": answer(rss(*(item(n, guid=f"old-{n}") for n in range(300, 306)))),
    }


def later() -> dict[str, Route]:
    """What has changed when the second run comes: servers are mended, one has given all its items new GUIDs."""
    mended = ("bomb", "drip", "cut-text", "cut-wire", *HOSTILE)
    return {
        **{f"/{name}": answer(rss(*(item(n) for n in range(10)))) for name in mended},
        "/good2": answer(b"", 304, ETag='"other"'),
        "/guids": answer(rss(*(item(n, guid=f"new-{n}") for n in range(300, 306)))),
    }


def listing(port: int, path: Path) -> set[str]:
    """Write the list of channels; returns the servers that it names, as they are allowed."""
    hosts = {"busy-s": "127.0.0.2", "busy-date": "127.0.0.3", "down": "127.0.0.4"}
    names = [*(f"good{n}" for n in range(6)), *CONTENT, *HOSTILE, *STATUS, *(f"to-{name}" for name in INSIDE)]
    names += ["bomb", "drip", "cut-wire", "permanent", "temporary", "loop", "whole", "short", "guids"]
    path.write_text(
        "\n".join(
            f'[[feed]]\nname = "{n}"\nurl = "http://{hosts.get(n, "127.0.0.1")}:{port}/{n}"\n'
            'community = "official"\nkeep = "all"'
            for n in names
        )
    )
    return {f"{host}:{port}" for host in ("127.0.0.1", *hosts.values())}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two runs of the real command over one server: first at its worst, then partly mended."""
    folder = tmp_path_factory.mktemp("feeds")
    home = folder / "var"
    with Server(routes(datetime.now(UTC)), "0.0.0.0") as server:  # noqa: S104 - several loopback addresses, for a minute
        server.routes |= {f"/to-{n}": redirect(to.format(port=server.port)) for n, to in INSIDE.items()}
        env = {"ORESIGHT_CHANNELS": str(folder / "channels.toml")}
        env["ORESIGHT_ALLOW_HOSTS"] = ",".join(listing(server.port, folder / "channels.toml"))
        began = time.monotonic()
        first = oresight("collect", home=home, env=env, timeout=200)
        seconds = time.monotonic() - began
        seen, first_rows = [s.path for s in server.seen], coverage(home)
        server.routes |= later()
        server.seen.clear()
        second = oresight("collect", "--all", home=home, env=env, timeout=200)
        second_seen = [s.path for s in server.seen]
        yield World(server, home, env, first, seconds, seen, first_rows, second, second_seen, coverage(home))


def test_every_channel_has_its_row(world: World) -> None:
    """Both runs end degraded, with one row for each channel and a reason for each that did not deliver."""
    listed = Path(world.env["ORESIGHT_CHANNELS"]).read_text().count("[[feed]]")
    assert (world.first.returncode, world.second.returncode) == (4, 4), world.first.stderr.decode()
    assert len(world.first_rows) == listed
    fine = ("ok", "not_modified")
    assert [name for name, row in world.first_rows.items() if row["state"] not in fine and not row["reason"]] == []


def test_the_good_are_unharmed(world: World) -> None:
    """Whatever the others do, good feeds bring all their items, and the run ends soon after the slowest deadline."""
    good = [world.first_rows[f"good{n}"] for n in range(6)]
    assert [(row["state"], row["new"]) for row in good] == [("ok", "2")] * 6
    assert world.seconds < 75


@pytest.mark.parametrize("name", CONTENT)
def test_what_can_be_recovered_is_kept(world: World, name: str) -> None:
    """Broken bodies give every entry that can be recovered, and say what was wrong."""
    _, state, entries = CONTENT[name]
    row = world.first_rows[name]
    assert (row["state"], int(row["new"])) == (state, entries), row


def test_what_was_recovered_is_flagged(world: World) -> None:
    """Items from a broken page carry a flag; a date that says nothing is kept raw and marked."""
    rows = ask(
        world.home,
        "select channel, title, date_quality from items where channel in ('stray', 'nul', 'prolog', 'zero-date')",
    )
    titles = {row["title"] for row in rows}
    assert {"Ore & smelters", "Tin and tungsten", "Zölle auf Graphit"} <= titles
    assert sorted(r["date_quality"] for r in rows if r["channel"] == "zero-date") == ["explicit", "first_seen"]
    assert "malformed" in world.first_rows["stray"]["reason"]
    assert "cut off" in world.first_rows["cut-text"]["reason"]
    assert "cut off" in world.first_rows["cut-wire"]["reason"]


def test_a_bomb_is_refused(world: World) -> None:
    """A gzip bomb is soft, with its size as the reason."""
    row = world.first_rows["bomb"]
    assert (row["state"], row["new"]) == ("soft", "0")
    assert "unpacks to more than 15,000,000 bytes" in row["reason"]


def test_a_dripping_server_ends_at_the_deadline(world: World) -> None:
    """A byte every half second is ended at the total deadline."""
    assert world.first_rows["drip"]["state"] == "soft"
    assert "no complete answer within 30 s" in world.first_rows["drip"]["reason"]


@pytest.mark.parametrize("name", INSIDE)
def test_no_redirect_leads_inside(world: World, name: str) -> None:
    """Redirects to files, private addresses in any spelling and names that resolve to them are refused unasked."""
    row = world.first_rows[f"to-{name}"]
    assert (row["state"], row["new"]) == ("soft", "0")
    assert "address refused" in row["reason"]
    assert "/inside" not in world.seen + world.second_seen


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_costs_its_own_channel_alone(world: World, name: str) -> None:
    """The parser copes, or is ended at its deadline; a row says so, and the next run reads the mended page."""
    row = world.first_rows[name]
    assert row["state"] == "soft" or (name, row["state"], row["new"]) == ("nested", "ok", "1"), row
    assert row["state"] == "ok" or row["reason"]
    assert name != "attributes" or "the parser was ended after 10 s" in row["reason"]
    assert (world.rows[name]["state"], world.rows[name]["fetched"]) == ("ok", "10")


@pytest.mark.parametrize("name", STATUS)
def test_a_refusal_has_its_state(world: World, name: str) -> None:
    """Every status has its state, and the reason names it."""
    status, state = STATUS[name]
    assert world.first_rows[name]["state"] == state
    assert f"HTTP {status}" in world.first_rows[name]["reason"]


def test_peace_is_kept(world: World) -> None:
    """Retry-After in seconds and as a date is honoured, by `--all` too; a feed that is gone is not asked again."""
    rows = due(world)
    assert {name: rows[name] for name in ("busy-s", "busy-date", "down")} == {
        "busy-s": "in 2 h",
        "busy-date": "in 5 h",
        "down": "in 2 h",
    }
    assert rows["gone"] == "not again"
    assert [path for path in world.second_seen if path in ("/busy-s", "/busy-date", "/down")] == []


def due(world: World) -> Mapping[str, str]:
    """When each channel is due, in status's words."""
    lines = oresight("status", home=world.home, env=world.env).stdout.decode().splitlines()
    rows = [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]
    return {row["channel"]: row["next due"].replace("119 min", "2 h").replace("in 4 h", "in 5 h") for row in rows}


def test_redirects_are_followed_within_bounds(world: World) -> None:
    """301 and 302 deliver; a loop is hard; nothing is learned from a chain seen twice."""
    assert [world.first_rows[n]["state"] for n in ("permanent", "temporary", "loop")] == ["ok", "ok", "hard"]
    assert "redirects" in world.first_rows["loop"]["reason"]
    assert "/permanent" in world.second_seen


def test_not_modified_with_another_etag_is_not_modified(world: World) -> None:
    """304 that comes with another ETag than was sent is taken for what it says."""
    assert world.rows["good2"]["state"] == "not_modified"


def test_one_story_has_two_sightings(world: World) -> None:
    """The same story whole in one feed and cut short in another is one story in two channels."""
    (row,) = ask(
        world.home,
        "select count(distinct story_id) stories, count(*) items, count(story_id) told from items"
        " where channel in ('whole', 'short')",
    )
    assert row == {"stories": "1", "items": "2", "told": "2"}


def test_new_guids_bring_no_duplicates(world: World) -> None:
    """A feed that gives all its items new GUIDs brings nothing new."""
    assert world.first_rows["guids"]["new"] == "6"
    assert world.rows["guids"]["new"] == "0"
    assert ask(world.home, "select count(*) n from items where channel = 'guids'") == [{"n": "6"}]


def test_the_second_run_catches_up_and_repeats_nothing(world: World) -> None:
    """What was cut off comes whole the second time, once; what was there is not added again."""
    assert (world.rows["cut-text"]["new"], world.rows["cut-wire"]["new"]) == ("1", "1")
    (row,) = ask(world.home, "select count(*) n, count(distinct item_id) ids from items")
    assert row["n"] == row["ids"]
    fresh = sum(int(row["new"]) for row in world.rows.values())
    mended = {"bomb", "drip", "cut-text", "cut-wire", *HOSTILE}
    assert fresh == sum(int(row["new"]) for name, row in world.rows.items() if name in mended)


def test_nothing_that_runs_reaches_the_store(world: World) -> None:
    """No script, handler, `javascript:` or `data:` link and no tracking pixel is anywhere in the items."""
    rows = ask(world.home, "select title, text, url from items where channel = 'markup' order by title")
    words = " ".join(f"{r['title']} {r['text']} {r['url']}" for r in rows)
    assert len(rows) == 4
    for trace in ("evil", "javascript:", "data:", "onclick", "tracker", "<", "script"):
        assert trace not in words, trace
    assert "Refining costs money." in words


def peak(home: Path, env: dict[str, str]) -> int:
    """The peak of a `collect` in MB, its own and its children's."""
    with subprocess.Popen(
        [str(ORESIGHT), "collect"],
        env=environment(home, **env),
        cwd=home.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_maxrss // 1024


def test_a_bomb_costs_little_memory(tmp_path: Path) -> None:
    """300 kB that unpack to 300 MB cost at most 50 MB more than a plain feed does."""
    peaks = []
    packed = bomb(300)
    assert len(packed) < 350_000
    bodies = {"calm": answer(rss(item(1))), "bomb": answer(packed, Content_Encoding="gzip", Content_Type="text/xml")}
    for name, route in bodies.items():
        with Server({"/feed": route}) as server:
            path = tmp_path / f"{name}.toml"
            path.write_text(f'[[feed]]\nname = "a"\nurl = "{server.url("/feed")}"\ncommunity = "official"\n')
            env = {"ORESIGHT_CHANNELS": str(path), "ORESIGHT_ALLOW_HOSTS": ",".join(server.allow)}
            peaks.append(peak(tmp_path / name, env))
    assert peaks[1] - peaks[0] <= 50, peaks
