"""`oresight purge` and `oresight forget`: what was taken back on Reddit is nowhere in the home any more."""

from __future__ import annotations

import quopri
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.errors import NothingReached
from flows.forget import forget_and_tell, forget_authors
from flows.purge import AGAIN, due, purge_and_tell, purge_deleted
from flows.report import write_digest
from flows.settings import Settings, author_key, load
from flows.status import UNCHECKED, told_deletions
from sample.forum import Forum, Note, Post
from sample.server import Answer, Request, hosting, reddit_answer
from storage import database, erasure
from tests.flows.command import oresight
from tests.storage.made import NOW, comment, fill, item_id, post, scan

WEEK = "2026-W47"
DAY = NOW - timedelta(days=6)
LATER = NOW + timedelta(hours=30)
WORD, OLD_KEY = secrets.token_hex(12), secrets.token_hex(32)
AUTHORS = ("ab" * 16, "cd" * 16)
SLUG = f"https://www.reddit.com/r/mining/comments/p0/lithium_{WORD}"


def forum() -> Forum:
    """Four submissions and a comment; the first submission and its comment hold WORD."""
    made = [Post(f"p{n}", "mining", f"Lithium of Chile {n}", "Words", "Ada", DAY) for n in range(4)]
    return Forum([replace(made[0], title=f"Lithium {WORD}"), *made[1:]], [Note("c0", "p0", "t3_p0", "Ben", "No", DAY)])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has collected, labelled and told that forum; the page quotes the comment, under WORD's title."""
    home = tmp_path_factory.mktemp("made") / "var"
    text = f"Lithium {WORD}\n\nNobody outside Chile can separate lithium from {WORD}."
    first = {"guid": "t3_p0", "title": f"Lithium {WORD}", "text": text, "url": f"{SLUG}/", "original_url": f"{SLUG}/"}
    note = {"guid": "t1_c0", "url": f"{SLUG}/c0/", "original_url": f"{SLUG}/c0/", "context": f"Lithium {WORD}"}
    others = [post(f"p{n}", guid=f"t3_p{n}", author_hash=AUTHORS[n % 2], thread_id=item_id(f"p{n}")) for n in (1, 2, 3)]
    with database.open_live(home, job="test", now=NOW) as con:
        fill(con, [scan(post("p0", thread_id=item_id("p0"), author_hash=AUTHORS[0], **first)), *map(scan, others),
                   scan(comment("c0", "p0", author_hash=AUTHORS[1], **note), "skeptic")])  # fmt: skip
    database.publish(home)
    database.publish(home)
    (home / "author.key").write_text(OLD_KEY)
    write_digest(load(home=home), week=WEEK, formats=("md", "json", "eml"))
    (home / "digests" / f".{WEEK}.md.4711").write_text(WORD)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A copy of that home."""
    return shutil.copytree(made, tmp_path / "var", symlinks=True)


def info(request: Request) -> bool:
    """Whether a request asks for what is kept."""
    return request.path.rstrip("/") == "/api/info"


@contextmanager
def reddit(home: Path, there: Forum, fault: Answer | None = None) -> Iterator[tuple[Settings, list[Request]]]:
    """Settings that lead to this forum, and every request for what is kept; `fault` answers all of these."""
    asked: list[Request] = []

    def answer(request: Request) -> Answer | None:
        if info(request):
            asked.append(request)
            if fault is not None:
                return fault
        given = reddit_answer(there, request)
        assert given is None or isinstance(given, Answer)
        return given

    with hosting(answer) as base:
        yield load(home=home, reddit_url=base, reddit_client_id="id", reddit_client_secret="secret"), asked


def holding(home: Path, word: str = WORD) -> set[str]:
    """The files in whose bytes the word stands, in UTF-8 or UTF-16, or in an e-mail's quoted-printable."""
    codes = [word.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")]
    files = [p for p in home.rglob("*") if p.is_file() and not p.is_symlink()]
    return {p.name for p in files for data in [_bytes(p)] if any(code in data for code in codes)}


def _bytes(path: Path) -> bytes:
    data = path.read_bytes()
    return data + quopri.decodestring(data) if path.suffix == ".eml" else data


def rows(home: Path, sql: str) -> list[tuple[object, ...]]:
    """One query on the snapshot."""
    with database.open_snapshot(home) as con:
        return con.execute(sql).fetchall()


DELETED = (
    "SELECT i.guid, reason FROM purges JOIN base.items AS i USING (item_id) WHERE erased_at IS NOT NULL ORDER BY 1"
)


def test_what_is_deleted_there_is_nowhere_here(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A deleted and a vanished submission leave store, snapshots, page, archive; counts stay, every erasure is told."""
    there = forum()
    there.delete("t3_p0")
    del there.posts["p1"]
    before = rows(home, "FROM series_daily ORDER BY ALL")
    assert holding(home) >= {"live.duckdb", f"{WEEK}.md", f"{WEEK}.json", f"{WEEK}.html"}
    with reddit(home, there) as (settings, asked):
        assert purge_and_tell(settings, now=LATER) == 0
    assert holding(home) == set()
    assert [r.query["id"] for r in asked] == ["t1_c0,t3_p0,t3_p1,t3_p2,t3_p3", "t3_p1,t1_c0"]
    assert rows(home, DELETED) == [("t3_p0", "[deleted by user]"), ("t3_p1", "vanished")]
    assert rows(home, "FROM series_daily ORDER BY ALL") == before
    assert rows(home, "SELECT kind, outcome FROM runs WHERE kind = 'purge'") == [("purge", "done")]
    assert len(list((home / "snapshots").iterdir())) == 1
    told = capsys.readouterr().err
    assert "checked 5 of 5 items due; erased 2: " in told
    assert sum("written again" in line and WEEK in line for line in told.splitlines()) == 3
    assert "quot" in (home / "digests" / f"{WEEK}.json").read_text()


def test_nothing_deleted_changes_nothing(home: Path) -> None:
    """Where all is there the files stay as they are but for the checks; nothing is due again for hours."""
    inode = (home / "live.duckdb").stat().st_ino
    with reddit(home, forum()) as (settings, asked):
        assert purge_deleted(settings, now=LATER).checked == 5
        assert purge_deleted(settings, now=LATER + timedelta(hours=1)).due == 0
        assert purge_deleted(settings, now=LATER + AGAIN).due == 5
    assert len(asked) == 2
    assert (home / "live.duckdb").stat().st_ino == inode
    assert rows(home, "FROM purges") == []


def test_a_failing_call_is_no_deletion(home: Path) -> None:
    """Where Reddit does not answer nothing is erased, the run says so, and the next one asks again."""
    with reddit(home, forum(), Answer(403, b"{}")) as (settings, _):
        with pytest.raises(NothingReached, match=r"HTTP 403.*5 items kept.*2 days ago, longer.*nothing was erased"):
            purge_deleted(settings, now=LATER)
        assert "live.duckdb" in holding(home)
    with reddit(home, Forum([], [])) as (settings, _):
        assert purge_deleted(settings, now=LATER).erased == 5, "a few that vanish together are believed, asked twice"


def test_without_keys(home: Path) -> None:
    """Without keys nothing can be checked: exit 3, and how long the longest unchecked item has waited."""
    done = oresight("purge", home=home)
    assert done.returncode == 3
    (line,) = done.stderr.decode().splitlines()
    assert "set REDDIT_CLIENT_ID" in line
    assert "of 5 items kept the longest unchecked was there" in line
    assert "live.duckdb" in holding(home)


def test_without_anything_from_reddit(tmp_path: Path) -> None:
    """A home that never read Reddit needs no keys and has nothing to purge."""
    assert purge_and_tell(load(home=tmp_path), now=NOW) == 0


def test_what_is_pending_is_finished(home: Path) -> None:
    """An erasure whose files were never cleaned, as after a kill, is finished by the next run, even without keys."""
    with database.open_live(home, job="purge", now=NOW) as con:
        erasure.record(con, item_id("run"), there=(), gone={"t3_p0": "[deleted]"}, nameless=(), now=NOW)
        assert erasure.pending(con) == (1, False)
    database.publish(home)
    assert len(holding(home)) > 2
    with pytest.raises(NothingReached):
        purge_deleted(load(home=home, reddit_client_id=None), now=LATER)
    assert holding(home) == set()
    assert rows(home, DELETED) == [("t3_p0", "[deleted]")]


def test_forgotten_authors(home: Path) -> None:
    """Old hashes and the old key are in no file; items of one author and week still share a value."""
    (home / "author.key.1234abcd").write_text(OLD_KEY)
    assert {"live.duckdb", "author.key"} <= holding(home, OLD_KEY) | holding(home, AUTHORS[0])
    settings, inode = load(home=home), (home / "author.key").stat().st_ino
    assert forget_authors(settings, now=LATER) == 5
    assert all(holding(home, word) == set() for word in (OLD_KEY, *AUTHORS))
    assert author_key(settings) != OLD_KEY.encode()
    assert len(author_key(settings)) == 64
    assert (home / "author.key").stat().st_ino != inode
    assert (home / "author.key").stat().st_mode & 0o777 == 0o600
    assert rows(home, "SELECT what, erased_at IS NOT NULL FROM purges") == [("author_hashes", True)]
    hashes = dict(rows(home, "SELECT guid, author_hash FROM base.items"))  # type: ignore[arg-type]
    assert hashes["t3_p0"] == hashes["t3_p2"] != hashes["t3_p1"] == hashes["t3_p3"]


def test_a_key_of_the_users_own(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the key comes from the environment the hashes go all the same, and the user is told what is left."""
    forget_and_tell(load(home=home, author_key="my own"), now=LATER)
    assert "ORESIGHT_AUTHOR_KEY" in capsys.readouterr().err
    assert holding(home, AUTHORS[0]) == set()


def test_a_change_of_key_that_was_cut_off(home: Path) -> None:
    """A change that was begun and killed is made whole by the next purge."""
    with database.open_live(home, job="forget", now=NOW) as con:
        erasure.begin_unlinking(con, item_id("run"), now=NOW)
    with reddit(home, forum()) as (settings, _):
        purge_deleted(settings, now=LATER)
    assert all(holding(home, word) == set() for word in (OLD_KEY, *AUTHORS))
    assert rows(home, "SELECT what, erased_at IS NOT NULL FROM purges") == [("author_hashes", True)]


names = st.integers(0, 10**6).map("t3_{}".format)
ages = st.integers(0, 100).map(lambda hours: NOW - timedelta(hours=hours))


@settings(max_examples=40, deadline=None)
@given(kept=st.dictionaries(names, ages, max_size=250).map(lambda d: list(d.items())), calls=st.integers(1, 2))
def test_due(kept: list[tuple[str, datetime]], calls: int) -> None:
    """Each call is full but the last, all within the budget; the longest unchecked come first, the fresh never."""
    at, batches = dict(kept), due(kept, NOW, calls)
    asked = [name for batch in batches for name in batch]
    old = [name for name, seen in kept if NOW - seen >= AGAIN]
    assert len(batches) <= calls
    assert all(len(batch) == 100 for batch in batches[:-1])
    assert len(asked) == len(set(asked)) == min(len(old), 100 * calls)
    assert [at[n] for n in asked] == sorted(at[n] for n in old)[: len(asked)]


def test_a_run_a_day_is_enough() -> None:
    """Whoever runs once a day, and half a day late at worst, checks everything within UNCHECKED."""
    assert timedelta(hours=24) >= AGAIN
    assert AGAIN + timedelta(hours=24) < UNCHECKED


@pytest.mark.parametrize(
    ("kept", "hours", "waiting", "line"),
    [
        (0, None, 0, []),
        (7, 47, 0, ["7 items kept from Reddit, the longest unchecked 47 h ago"]),
        (7, 72, 0, ["7 items kept from Reddit, the longest unchecked 3 days ago: run `oresight purge`"]),
        (0, None, 2, ["0 items kept from Reddit; 2 erasures are not finished: run `oresight purge`"]),
    ],
)
def test_status_tells_of_deletions(kept: int, hours: int | None, waiting: int, line: list[str]) -> None:
    """`oresight status` says how long the longest unchecked item has waited, and when it is time to purge."""
    oldest = None if hours is None else NOW - timedelta(hours=hours)
    assert told_deletions(kept, oldest, waiting, NOW) == line
