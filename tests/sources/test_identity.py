"""Names of things: canonical addresses, GUIDs of one page, item ids."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.identity import Names, canonical, item_id, page_guids

URLS = st.one_of(
    st.text(max_size=60),
    st.text(max_size=60).map("http://".__add__),
    st.text(alphabet="aB.:/?#&=%@[]\\ é\t0\u2028", max_size=60).map("HTTPS://x".__add__),
    st.lists(st.sampled_from(["utm_source=a", "b=2", "fbclid=q", "", "c", "B=&"])).map(
        lambda q: "http://h/?" + "&".join(q)
    ),
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Example.COM/A/b?utm_source=rss&id=7&utm_medium=x#top", "https://example.com/A/b?id=7"),
        ("http://example.com:80", "http://example.com/"),
        ("https://example.com:443/x", "https://example.com/x"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        ("https://example.com/?b=2&a=1&b=1", "https://example.com/?b=2&a=1&b=1"),
        ("https://example.com/?fbclid=1&gclid=2&mc_cid=3&mc_eid=4&UTM_Term=x", "https://example.com/"),
        ("https://example.com/?utm=kept&album_id=3", "https://example.com/?utm=kept&album_id=3"),
        ("  https://example.com/a b\n", "https://example.com/a%20b"),
        ("https://user:secret@example.com/", "https://example.com/"),
        ("https://example.com./x", "https://example.com/x"),
        ("http://[2001:DB8::1]:80/x", "http://[2001:db8::1]/x"),
        ("https://example.com/%7Euser/Ä", "https://example.com/%7Euser/Ä"),
        ("//example.com/x", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("http://", None),
        ("http://a:99999/", None),
        ("http://[::1", None),
        ("http://a\\@b/", None),
        ("", None),
    ],
)
def test_addresses_become_canonical(url: str, expected: str | None) -> None:
    """Tracking, fragments, credentials and default ports go; paths, their case and the query's order stay."""
    assert canonical(url) == expected


@given(URLS)
def test_canonical_twice_is_canonical_once(url: str) -> None:
    """A canonical address is its own canonical form, and always http or https."""
    once = canonical(url)
    if once is not None:
        assert canonical(once) == once
        assert once.startswith(("http://", "https://"))


def test_item_ids_never_change() -> None:
    """Ids written by one version of the program are found again by every later one."""
    assert item_id("reddit", "t3_abc") == UUID("e50a881c-9658-a4e4-e076-ff5365da91de")


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\0")), min_size=1, max_size=4))
def test_item_ids_tell_parts_apart(parts: list[str]) -> None:
    """The same parts give the same id; gluing two parts together gives another."""
    assert item_id(*parts) == item_id(*parts)
    if len(parts) > 1:
        assert item_id(*parts) != item_id("".join(parts))


def _names(guid: str | None = None, url: str | None = None, title: str = "t", date: str | None = None) -> Names:
    return Names(guid, url, title, date, title)


def test_the_name_is_guid_then_address_then_hash() -> None:
    """An entry is named by what its feed gives: GUID, else address, else title and date."""
    by_guid, by_url, by_hash = page_guids([_names("g", "http://a/"), _names(None, "http://b/"), _names(title="x")])
    assert (by_guid, by_url) == ("g", "http://b/")
    assert by_hash == item_id("x", "").hex


def test_the_same_title_on_two_days_is_two_items() -> None:
    """Without GUID and address the date keeps a weekly column's instalments apart."""
    first, second = page_guids(
        [_names(title="Week in review", date="1 May"), _names(title="Week in review", date="8 May")]
    )
    assert first != second
    assert None not in (first, second)


def test_the_same_guid_twice_is_two_items() -> None:
    """The first entry keeps a GUID that several carry; later ones get GUID and address."""
    assert page_guids([_names("1", "http://a/"), _names("1", "http://b/")]) == ("1", "1 http://b/")


def test_a_whole_copy_is_one_item() -> None:
    """An entry printed twice is one item."""
    assert page_guids([_names("1", "http://a/"), _names("1", "http://a/")]) == ("1", None)


@given(
    st.lists(
        st.builds(
            _names,
            st.sampled_from([None, "1", "2"]),
            st.sampled_from([None, "http://a/", "http://b/"]),
            st.sampled_from(["x", "y"]),
            st.sampled_from([None, "d"]),
        ),
        max_size=12,
    )
)
def test_every_different_entry_keeps_a_name_of_its_own(entries: list[Names]) -> None:
    """As many items come out of a page as it has different entries."""
    found = [guid for guid in page_guids(entries) if guid is not None]
    assert len(found) == len(set(found)) == len(set(entries))
