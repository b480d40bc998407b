"""Dumps in, items out: what is kept, with which context, whatever the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.settings import GAZETTEERS
from nlp import gazetteer
from nlp.mentions import Reader
from records import Channel, Item
from sources.archive import Batch, Place, batches, identify
from sources.archive_join import Join
from sources.archive_sift import Asked
from sources.archive_zstd import ArchiveError
from tests.sources.dumps import BEGAN, INVESTING, asked, comment, dump, submission, without

LITHIUM = "Lithium prices fell again at the refiners in China."
OPENED = submission(title="Who refines the rare earths?", selftext="Not us.")


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The reader of the gazetteers that ship."""
    return Reader(gazetteer.load(GAZETTEERS))


def read(folder: Path, wanted: Asked, *files: Path) -> list[Batch]:
    """All batches of these files, in order, with one join."""
    join = Join(folder / "join.sqlite")
    found = []
    for file in files:
        found += list(batches(identify(file, folder), wanted, join, Place(), folder))
        join.end_waiting()
    join.close()
    (folder / "join.sqlite").unlink()
    return found


def items(found: Sequence[Batch]) -> dict[str, Item]:
    """The items by name; none comes twice."""
    every = [item for batch in found for item in batch.items]
    assert len({item.guid for item in every}) == len(every)
    return {item.guid: item for item in every}


def both(folder: Path, wanted: Asked, posts: list[Any], comments: list[Any], **kind: int) -> dict[str, Item]:
    """The items of a dump of submissions and one of comments."""
    return items(read(folder, wanted, dump(folder / "RS_x.zst", posts), dump(folder / "RC_x.zst", comments, **kind)))


def test_words_thread_or_parent_keep_a_comment(tmp_path: Path, reader: Reader) -> None:
    """A comment is kept for its own words, its thread's, or what it answers; neighbours do not count."""
    posts = [submission("aaa"), OPENED | {"id": "bbb", "name": "t3_bbb"}]
    comments = [
        comment("k1", "aaa", body=LITHIUM),
        comment("k2", "aaa", parent_id="t1_k1", body="Good."),
        comment("k3", "aaa", parent_id="t1_k2", body="An answer to an answer."),
        comment("k4", "aaa"),
        comment("k5", "bbb", body="Yes."),
    ]
    found = both(tmp_path, asked(reader), posts, comments)
    assert found.keys() == {"t3_bbb", "t1_k1", "t1_k2", "t1_k5"}
    assert found["t1_k1"].context == "Daily discussion"
    assert found["t1_k2"].context == f"Daily discussion || {LITHIUM}"
    assert found["t1_k5"].context == "Who refines the rare earths?"
    assert found["t1_k2"].parent_id == found["t1_k1"].item_id
    assert found["t1_k5"].thread_id == found["t3_bbb"].item_id
    assert found["t1_k1"].url == "https://www.reddit.com/r/investing/comments/aaa/daily/k1/"


def test_a_channel_that_keeps_all_gets_all(tmp_path: Path, reader: Reader) -> None:
    """With keep = "all", and with every text asked for, nothing is left out for what it is about."""
    rows = [comment("k1"), comment("k2", parent_id="t1_k1")]
    for wanted in (asked(reader, replace(INVESTING, keep="all")), asked(reader, everything=True)):
        found = both(tmp_path, wanted, [submission()], rows)
        assert found.keys() == {"t3_abc", "t1_k1", "t1_k2"}
        assert found["t1_k2"].context == "Daily discussion || I went to the cinema."


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(7)), frame=st.integers(1, 7))
def test_the_order_of_lines_changes_nothing(order: list[int], frame: int, tmp_path: Path, reader: Reader) -> None:
    """A parent may come after its answer, and batches may end anywhere: the items are the same."""
    rows = [
        comment("k1", body=LITHIUM),
        comment("k2", parent_id="t1_k1"),
        comment("k3", parent_id="t1_k2", body="Cobalt mines in the Congo."),
        comment("k4", parent_id="t1_k3", body="[deleted]"),
        comment("k5", parent_id="t1_k4", body="Nickel ore goes to China."),
        comment("k6", parent_id="t1_zzz", body="Rare earths again."),
        comment("k7", parent_id="t1_k6"),
    ]
    found = both(tmp_path, asked(reader), [submission()], [rows[n] for n in order], frame=frame)
    plain = both(tmp_path, asked(reader), [submission()], rows)
    assert found == plain
    assert plain.keys() == {f"t1_k{n}" for n in (1, 2, 3, 5, 6, 7)}
    assert plain["t1_k5"].context == "Daily discussion"
    assert plain["t1_k6"].context == "Daily discussion"
    assert plain["t1_k7"].context == "Daily discussion || Rare earths again."


def test_what_is_gone_is_neither_item_nor_context(tmp_path: Path, reader: Reader) -> None:
    """Deleted words are told as gone, whichever of a comment's lines says so, and title and parent as well."""
    posts = [OPENED | {"_meta": {"was_deleted_later": True}}]
    comments = [
        comment("k1", body=LITHIUM, _meta={"was_deleted_later": True}),
        comment("k2", parent_id="t1_k1", body="Cobalt mines in the Congo."),
        comment("k1", body=LITHIUM),
    ]
    found = read(
        tmp_path, asked(reader), dump(tmp_path / "RS_x.zst", posts), dump(tmp_path / "RC_x.zst", comments, frame=1)
    )
    assert {name: why for batch in found for name, why in batch.gone.items()} == {
        "t3_abc": "deleted later",
        "t1_k1": "deleted later",
    }
    (kept,) = items(found).values()
    assert (kept.guid, kept.context) == ("t1_k2", None)


def test_time_bounds_items_and_not_their_contexts(tmp_path: Path, reader: Reader) -> None:
    """Only what was written within the bounds is kept; what came before is still its context."""
    rows = [comment(f"k{n}", body=f"{LITHIUM} {n}", created_utc=BEGAN + 100 * n) for n in (1, 2, 3)]
    rows[1]["parent_id"] = "t1_k1"
    found = both(tmp_path, asked(reader, begin=BEGAN + 150, end=BEGAN + 250), [submission()], rows)
    assert found.keys() == {"t1_k2"}
    assert found["t1_k2"].context == f"Daily discussion || {LITHIUM} 1"


def test_bad_lines_are_told_by_number(tmp_path: Path, reader: Reader) -> None:
    """What cannot be used comes with its line's number; empty lines are nothing, other subreddits are passed over."""
    rows = [comment("k1", body=LITHIUM), b"junk", b"", comment("k2", subreddit="pics"), comment("k3", created_utc="?")]
    rows += [b'{"subreddit":"investing","body":"' + b"x" * (17 << 20) + b'"}', comment("k4", body=LITHIUM)]
    found = read(tmp_path, asked(reader), dump(tmp_path / "RC_x.zst", rows))
    assert [bad for batch in found for bad in batch.bad] == [
        (2, "not JSON"),
        (5, "no time of creation"),
        (6, "longer than 16 MB"),
    ]
    assert items(found).keys() == {"t1_k1", "t1_k4"}
    assert found[-1].place.lines == 7
    assert sum(batch.seen.get("investing", 0) for batch in found) == 2


def test_old_comments_have_an_address(tmp_path: Path, reader: Reader) -> None:
    """Without a permalink the address is made of the thread's, or of the ids."""
    row = without(comment("k1", body=LITHIUM), "permalink", "name")
    known = both(tmp_path, asked(reader), [submission()], [row])["t1_k1"]
    unknown = items(read(tmp_path, asked(reader), dump(tmp_path / "RC_y.zst", [row])))["t1_k1"]
    assert known.url == "https://www.reddit.com/r/investing/comments/abc/daily/k1/"
    assert unknown.url == "https://www.reddit.com/comments/abc/_/k1/"


def test_a_month_of_all_reddit_covers_quiet_subreddits(tmp_path: Path, reader: Reader) -> None:
    """A monthly dump spans its whole time for every subreddit, one of a single subreddit only what it holds."""
    rows = [comment(f"k{n}", subreddit="pics", created_utc=BEGAN + n) for n in range(5)]
    month = read(tmp_path, asked(reader), dump(tmp_path / "RC_2025-01.zst", rows))
    single = read(tmp_path, asked(reader), dump(tmp_path / "pics_comments.zst", rows))
    assert [batch.spans for batch in month if batch.spans] == [{"investing": (BEGAN, BEGAN + 4)}]
    assert [batch.spans for batch in single if batch.spans] == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("RS_2025-01.zst", "submissions"),
        ("RC_2025-01.zst", "comments"),
        ("investing_submissions.zst", "submissions"),
        ("investing_comments.zst", "comments"),
        ("renamed.zst", "comments"),
    ],
)
def test_the_kind_is_told_by_name_else_by_a_line(tmp_path: Path, name: str, kind: str) -> None:
    """Archives go by their names; a renamed one is looked into."""
    assert identify(dump(tmp_path / name, [b"junk", comment("k1")]), tmp_path).kind == kind


@pytest.mark.parametrize(
    ("data", "message"), [(b"{}\n", "is not a zstd file"), (b"", "is not a zstd file"), (None, "holds neither")]
)
def test_other_files_are_refused(tmp_path: Path, data: bytes | None, message: str) -> None:
    """What is no archive is refused by name."""
    path = tmp_path / "holiday.zst"
    if data is None:
        dump(path, [b'{"a": 1}'])
    else:
        path.write_bytes(data)
    with pytest.raises(ArchiveError, match=rf"holiday\.zst {message}"):
        identify(path, tmp_path)


def test_subreddits_go_to_their_channels(tmp_path: Path, reader: Reader) -> None:
    """Each row goes to the channel of its subreddit, whatever its capitals."""
    mining = Channel("metals", "subreddit", "investor", "Mining")
    rows = [comment("k1", body=LITHIUM, subreddit="Investing"), comment("k2", body=LITHIUM, subreddit="mining")]
    found = items(read(tmp_path, asked(reader, INVESTING, mining), dump(tmp_path / "RC_x.zst", rows)))
    assert {name: item.channel for name, item in found.items()} == {"t1_k1": "investing", "t1_k2": "metals"}
