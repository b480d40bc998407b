"""`oresight backfill`, from the dumps to the published store."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.backfill import Wish, asked_for, backfill, chosen
from flows.backfill_store import Pile, Store
from flows.backfill_told import Pace, clock
from flows.cleaning import clean
from flows.errors import UsageError
from flows.second_reader import ReaderEnded, SecondReader
from flows.settings import Settings, load
from records import Channel
from sources.archive import batches, identify
from sources.archive_join import open_join
from storage import database
from tests.flows.command import ORESIGHT, environment, oresight
from tests.sources.dumps import BEGAN, INVESTING, NOW, comment, dump, submission

LITHIUM = "Lithium prices fell again at the refiners in China."
CHANNELS = '[[subreddit]]\nname = "investing"\ncommunity = "investor"\n'
OTHER = Channel("lithium", "subreddit", "investor", "Lithium", keep="all")


def rows() -> Iterator[dict[str, Any] | bytes]:
    """Sixty comments, a third of them about minerals, and two bad lines."""
    for n in range(60):
        about = f"{LITHIUM} {n}" if n % 3 == 0 else "I went to the cinema."
        parent = f"t1_k{n - 1}" if n % 2 else "t3_abc"
        yield comment(f"k{n}", body=about, parent_id=parent, created_utc=BEGAN + n)
    yield b"junk"
    yield comment("k99", created_utc=None)


def dumps(folder: Path) -> list[Path]:
    """A dump of submissions and one of comments, seven lines a frame."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [("investing_comments.zst", list(rows())), ("investing_submissions.zst", [submission()])]
    return [dump(folder / name, lines, frame=7) for name, lines in files]


def held(home: Path) -> list[tuple[Any, ...]]:
    """The published items, as far as they do not tell when they came."""
    sql = "SELECT guid, text, context, url, author_hash, published_at FROM base.items ORDER BY guid"
    with database.open_snapshot(home) as con:
        return con.execute(sql).fetchall()


def test_the_command_reads_dumps(tmp_path: Path) -> None:
    """Items, bad lines and places are in the store; a second time there is nothing to do; a dry run stores nothing."""
    home, files = tmp_path / "var", [str(path) for path in dumps(tmp_path)]
    home.mkdir()
    (home / "channels.toml").write_text(CHANNELS)
    dry = oresight("backfill", *files, "--dry-run", home=home)
    assert dry.returncode == 0, dry.stderr
    assert "30 would be kept; 2 bad lines" in dry.stderr.decode()
    assert sorted(p.name for p in home.iterdir()) == ["channels.toml"]
    done = oresight("backfill", *files, home=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines()[1:] == [
        "investing_submissions.zst\tinvesting\t1\t0",
        "investing_comments.zst\tinvesting\t60\t30",
    ]
    with database.open_snapshot(home) as con:
        assert con.execute("SELECT count(*), count(DISTINCT guid) FROM base.items").fetchall() == [(30, 30)]
        assert con.execute("SELECT file, line, reason FROM quarantine ORDER BY line").fetchall() == [
            ("investing_comments.zst", 61, "not JSON"),
            ("investing_comments.zst", 62, "no time of creation"),
        ]
        assert con.execute("SELECT kind, lines, kept, bad, outcome FROM archives ORDER BY kind").fetchall() == [
            ("comments", 62, 30, 2, "done"),
            ("submissions", 1, 0, 0, "done"),
        ]
    assert not list((home / "backfill").glob("join*"))
    again = oresight("backfill", *files, home=home)
    assert again.stderr.decode().count("read before") == 2


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a home of their own."""
    return load(home=tmp_path / "var", author_key="key")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """What an undisturbed run holds in the end."""
    folder = tmp_path_factory.mktemp("whole")
    backfill(load(home=folder / "var", author_key="key"), [INVESTING], dumps(folder), Wish(), now=NOW)
    return held(folder / "var")


@pytest.mark.parametrize(("stop", "stored"), [(3, False), (8, True)])
def test_a_run_that_broke_off_goes_on(
    settings: Settings, tmp_path: Path, whole: list[tuple[Any, ...]], stop: int, stored: bool
) -> None:
    """Cut off between two writes, or between the join's and the store's: the same items, none twice, counted once."""
    files = dumps(tmp_path)
    _cut_off(settings, files, stop, stored=stored)
    reaped = backfill(settings, [INVESTING], files, Wish(), now=NOW)
    assert held(settings.home) == whole
    with database.open_snapshot(settings.home) as con:
        assert con.execute("SELECT sum(kept)::INT, sum(bad)::INT FROM archives").fetchone() == (30, 2)
        assert con.execute("SELECT count(*) FROM quarantine").fetchone() == (2,)
    if stored and stop:
        assert 0 < reaped[1].seen.total() < 60


def _cut_off(settings: Settings, files: list[Path], stop: int, *, stored: bool) -> None:
    """Do as a backfill does up to a batch of the comments, and leave everything as a kill would."""
    folder = settings.home / "backfill"
    folder.mkdir(parents=True)
    both = [identify(path, folder) for path in reversed(files)]
    asked, words = asked_for(settings, chosen([INVESTING], ()), Wish(), None, now=NOW)
    join, goes_on = open_join(folder / "join.sqlite", words)
    store = Store(settings, asked, words, goes_on=goes_on, dumps=both)
    store.open(join)
    for one in both:
        start = store.place(one)
        assert not isinstance(start, str)
        for number, batch in enumerate(batches(one, asked, join, start, folder)):
            if one.kind == "comments" and number >= stop:
                return join.close()
            pile = Pile()
            pile.add(batch)
            join.commit()
            if stored or number + 1 < stop:
                store.take(one, pile)
        store.end(one, "")
    raise AssertionError("it was to be cut off")


def test_a_join_that_was_lost_costs_time_only(settings: Settings, tmp_path: Path, whole: list[tuple[Any, ...]]) -> None:
    """Without its file the work begins anew, and nothing comes twice."""
    files = dumps(tmp_path)
    _cut_off(settings, files, 6, stored=True)
    (settings.home / "backfill" / "join.sqlite").write_bytes(b"no database")
    backfill(settings, [INVESTING], files, Wish(), now=NOW)
    assert held(settings.home) == whole


def test_threads_may_be_in_the_store_already(settings: Settings, tmp_path: Path) -> None:
    """A dump of comments alone takes titles and words from what was read before."""
    posts = dump(tmp_path / "RS_1.zst", [submission(title="Who refines the rare earths?")])
    first = dump(tmp_path / "RC_1.zst", [comment("k1", body=LITHIUM)])
    second = dump(tmp_path / "RC_2.zst", [comment("k2", parent_id="t1_k1"), comment("k3", "zzz")])
    backfill(settings, [INVESTING], [first, posts], Wish(), now=NOW)
    (reaped,) = backfill(settings, [INVESTING], [second], Wish(), now=NOW)
    assert reaped.kept == {"investing": 1}
    contexts = {row[0]: row[2] for row in held(settings.home)}
    assert contexts["t1_k2"] == f"Who refines the rare earths? || {LITHIUM}"


def test_a_damaged_dump_keeps_what_was_read(tmp_path: Path) -> None:
    """A file that ends early: what stood before is kept, one line says so, exit code 1; other files are read."""
    home, (comments, posts) = tmp_path / "var", dumps(tmp_path)
    comments.write_bytes(comments.read_bytes()[:-40])
    home.mkdir()
    (home / "channels.toml").write_text(CHANNELS)
    done = oresight("backfill", str(comments), str(posts), home=home)
    assert done.returncode == 1
    (told,) = [one for one in done.stderr.decode().splitlines() if "damaged" in one]
    assert "investing_comments.zst: 56 lines in " in told
    assert "it ends in the middle): what was read is kept" in told
    assert len(held(home)) == 29


def test_only_listed_subreddits_are_read() -> None:
    """Names are found whatever their capitals; one that has no channel is refused with what to do."""
    assert list(chosen([INVESTING, OTHER], ["r/LITHIUM"])) == ["lithium"]
    assert list(chosen([INVESTING, OTHER], [])) == ["investing", "lithium"]
    with pytest.raises(UsageError, match="r/pics is not in the list of channels; `oresight channels add r/pics`"):
        chosen([INVESTING], ["pics"])
    with pytest.raises(UsageError, match="channels add"):
        chosen([], [])


def test_the_home_is_rid_of_half_read_words(settings: Settings, tmp_path: Path) -> None:
    """Cleaning up after an erasure also takes the words of an archive that is half read."""
    files = dumps(tmp_path)
    _cut_off(settings, files, 3, stored=True)
    clean(settings, job="purge", now=NOW)
    assert LITHIUM.encode() not in b"".join(p.read_bytes() for p in (settings.home / "backfill").iterdir())


def test_pace_tells_what_remains() -> None:
    """A run that goes on counts from where it began."""
    pace = Pace(1000, began=0.0)
    pace.saw(400, 4000, 1.0)
    pace.saw(600, 6000, 10.0)
    assert pace.told() == "60 % of 1.0 kB, 6,000 lines, 200 lines/s, about 0:00:20 left"
    assert clock(3723) == "1:02:03"


def test_a_second_reader_answers_in_order() -> None:
    """The child's answers come in the order of the questions, whenever they are called for."""
    with SecondReader() as second:
        first, none, last = second.ask([LITHIUM, "No."]), second.ask([]), second.ask(["Yes.", LITHIUM, "\ufffd"])
        assert (last(), none(), first()) == ([False, True, False], [], [True, False])


def test_a_second_reader_that_died_is_told() -> None:
    """Where the child is gone the message says what to do."""
    with SecondReader() as second:
        answers = second.ask([LITHIUM])
        second._child.kill()
        with pytest.raises(ReaderEnded, match="run the same command again"):
            answers()


@pytest.mark.long
def test_kill_9_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The command, killed again and again, ends with what an undisturbed one holds."""
    folder = tmp_path / "dumps"
    folder.mkdir()
    lines = [
        comment(f"k{n}", body=f"{LITHIUM} {n}" if n % 50 == 0 else "No.", parent_id=f"t1_k{n - 1}")
        for n in range(60_000)
    ]
    file = dump(folder / "investing_comments.zst", lines)
    homes = [tmp_path / name / "var" for name in ("whole", "killed")]
    for home in homes:
        home.mkdir(parents=True)
        (home / "channels.toml").write_text(CHANNELS)
    env = {"ORESIGHT_AUTHOR_KEY": "key"}
    assert oresight("backfill", str(file), home=homes[0], env=env).returncode == 0
    for seconds in (2.0, 4.0, 5.0, 6.0, 8.0):
        process = subprocess.Popen(
            [str(ORESIGHT), "backfill", str(file)], env=environment(homes[1], **env), cwd=homes[1].parent,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(seconds)
        process.kill()
        process.wait()
    assert oresight("backfill", str(file), home=homes[1], env=env).returncode == 0
    assert json.dumps(held(homes[0]), default=str) == json.dumps(held(homes[1]), default=str)
