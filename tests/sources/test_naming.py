"""Names that last: GUIDs used twice, GUIDs that all change, with what the store knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from records import FetchResult, Item, Known
from sources.naming import Question, question, settle

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _entry(guid: str, url: str | None, title: str, hours: float = 0) -> Item:
    at = NOW - hours * HOUR
    text = f"{title}\n\nText."
    return Item(
        UUID(int=0), "news", "c", "official", guid, url, url, title, text, at, at.isoformat(), "explicit", NOW
    )  # fmt: skip


def _undated(item: Item) -> Item:
    return replace(item, published_at=NOW, published_raw=None, date_quality="first_seen")


class Store:
    """What a store keeps of items, as `recall` would tell it."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def recall(self, asked: Question) -> list[Known]:
        """Answer as `storage.recall` does."""
        found = [
            i for i in self.items.values()
            if i.guid in asked.guids or i.url in asked.urls or (i.title, i.published_at) in asked.dated_titles
        ]  # fmt: skip
        return [Known(i.guid, i.url, i.title, i.published_at, i.published_raw, NOW, False) for i in found]

    def page(self, entries: Sequence[Item]) -> FetchResult:
        """Name a page's entries and keep them."""
        drafts = FetchResult("c", "ok", items=tuple(entries), fetched=len(entries))
        named = settle(drafts, self.recall(question(drafts)))
        for item in named.items:
            kept = self.items.get(item.guid, item)
            self.items[item.guid] = replace(
                item, published_at=kept.published_at, published_raw=kept.published_raw, date_quality=kept.date_quality
            )
        return named


PAGE = [_entry(f"g{n}", f"https://e.com/{n}", f"Lithium story {n}", n) for n in range(6)]


def test_a_page_again_is_all_known() -> None:
    """The same page names the same items, and counts them as known."""
    store = Store()
    first, second = store.page(PAGE), store.page(PAGE)
    assert (first.known, second.known) == (0, 6)
    assert [i.item_id for i in first.items] == [i.item_id for i in second.items]


def test_a_guid_that_comes_again_for_another_entry_is_another_item() -> None:
    """On a later page too the first entry keeps a GUID; another gets GUID and address, and keeps those."""
    store = Store()
    [first] = store.page([_entry("1", "https://e.com/a", "Lithium is up", 5)]).items
    later = [_entry("1", "https://e.com/b", "Cobalt is down", 1), _entry("1", "https://e.com/a", "Lithium is up", 5)]
    for _ in range(2):
        found = store.page(later)
        assert [i.guid for i in found.items] == ["1 https://e.com/b", "1"]
        assert found.items[1].item_id == first.item_id
    assert store.page(later).known == 2


def test_an_edited_entry_keeps_its_guid() -> None:
    """A new headline, a new address or a new date does not make another item; only all three do."""
    before = _entry("1", "https://e.com/a", "Lithium is up", 5)
    for changed in (
        replace(before, title="Lithium is far up"),
        replace(before, url="https://e.com/a-2"),
        _entry("1", "https://e.com/a", "Lithium is far up", 1),
        replace(before, title="Lithium rises", url="https://e.com/a-3"),
    ):
        store = Store()
        assert [i.item_id for i in store.page([before]).items] == [i.item_id for i in store.page([changed]).items]


def test_a_feed_that_changes_all_its_guids_doubles_nothing() -> None:
    """Recognised by address, whatever became of the headlines; and still while they scroll off the page."""
    store = Store()
    store.page(PAGE)
    restamped = [replace(e, guid=f"new-{e.guid}", title=f"{e.title}!") for e in PAGE]
    assert [i.guid for i in store.page(restamped).items] == [e.guid for e in PAGE]
    fresh = [_entry(f"new-{n}", f"https://e.com/{n}", f"Gallium story {n}") for n in range(6, 11)]
    found = store.page([*fresh, *restamped[:1]])
    assert [i.guid for i in found.items] == ["new-6", "new-7", "new-8", "new-9", "new-10", "g0"]
    assert found.known == 1
    assert len(store.items) == 11


def test_a_site_that_turns_to_https_doubles_nothing() -> None:
    """GUIDs that are addresses change with the scheme, and nothing else does."""
    store = Store()
    plain = [_entry(f"http://e.com/{n}", f"http://e.com/{n}", f"Lithium story {n}", n) for n in range(4)]
    first = store.page(plain)
    secure = [replace(e, guid=e.guid.replace("http:", "https:"), url=f"https{(e.url or '')[4:]}") for e in plain]
    assert [i.item_id for i in store.page(secure).items] == [i.item_id for i in first.items]


def test_guids_and_addresses_that_all_change_are_matched_by_headline_and_date() -> None:
    """A site that moved and renumbered everything is told by what it says and when."""
    store = Store()
    store.page(PAGE)
    moved = [replace(e, guid=f"x{e.guid}", url=f"https://new.com/{e.guid}") for e in PAGE]
    assert [i.guid for i in store.page(moved).items] == [e.guid for e in PAGE]


def test_one_stranger_at_a_known_address_is_an_item_of_its_own() -> None:
    """A page that is written anew every day brings new items under its one address."""
    store = Store()
    store.page([_entry("mon", "https://e.com/prices", "Prices on Monday", 24)])
    found = store.page([_entry("tue", "https://e.com/prices", "Prices on Tuesday", 0)])
    assert [i.guid for i in found.items] == ["tue"]
    column = [_entry("w1", "https://e.com/week", "The week", 200), _entry("w2", "https://e.com/week", "The week", 30)]
    assert [i.guid for i in store.page(column).items] == ["w1", "w2"]


def test_one_entry_under_a_new_guid_is_known_by_everything_else() -> None:
    """Address, headline and date are the same: then the GUID was merely written anew."""
    store = Store()
    store.page(PAGE)
    assert [i.guid for i in store.page([replace(PAGE[0], guid="again"), *PAGE[1:]]).items] == [e.guid for e in PAGE]


ENTRIES = st.lists(
    st.builds(
        _entry,
        st.sampled_from(["", "1", "2", "3"]),
        st.sampled_from([None, "http://e.com/a", "https://e.com/a", "http://e.com/b"]),
        st.sampled_from(["", "Lithium is up", "Tin is down"]),
        st.sampled_from([0, 1, 2]),
    ),
    max_size=6,
)


@given(st.lists(ENTRIES, max_size=4))
def test_names_are_never_shared(pages: list[list[Item]]) -> None:
    """On every page each item has a name of its own, and its id follows from that name."""
    store = Store()
    for entries in pages:
        found = store.page(entries)
        guids = [i.guid for i in found.items]
        assert len(guids) == len(set(guids)) == len({i.item_id for i in found.items})
        assert all(guids)
        assert (found.known or 0) <= len(found.items)


@given(ENTRIES.filter(bool), st.booleans())
def test_the_same_page_again_adds_nothing(entries: list[Item], dated: bool) -> None:
    """Whatever stands on a page, seeing it twice is seeing it once."""
    store = Store()
    page = entries if dated else [_undated(e) for e in entries]
    first = store.page(page)
    kept = dict(store.items)
    again = store.page(page)
    assert again.known == len(again.items) == len(first.items)
    assert store.items.keys() == kept.keys()


@given(st.integers(3, 8), st.booleans())
def test_restamping_is_never_seen(count: int, new_titles: bool) -> None:
    """However many entries a page has: new GUIDs for all of them make no new item."""
    store = Store()
    page = [_entry(f"g{n}", f"https://e.com/{n}", f"Lithium story {n}", n) for n in range(count)]
    store.page(page)
    for turn in range(3):
        again = [
            replace(e, guid=f"{turn}-{e.guid}", title=f"{e.title} {turn}" if new_titles else e.title) for e in page
        ]
        assert store.page(again).known == count
    assert len(store.items) == count
