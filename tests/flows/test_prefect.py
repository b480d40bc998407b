"""The Prefect flows: the same work as the commands, seen by a real Prefect server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from prefect import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter
from prefect.testing.utilities import prefect_test_harness

from flows.collect import collect
from flows.label import label
from flows.purge import purge
from flows.refresh import refresh
from flows.report import report
from flows.scheduled import publish, warn
from sample.channels import channels_toml
from sample.server import serve
from tests.flows.hooks import hook
from tests.flows.serving import FEED
from tests.servers import Server, answer

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    """A throw-away Prefect server with a database of its own."""
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.mark.usefixtures("server")
def test_the_flows_go_the_whole_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """collect, label, refresh, report and purge, run as flows, end at the week's page; each channel is a task."""
    with serve(datetime.now(UTC)) as base, hook() as chat:
        (tmp_path / "channels.toml").write_text(channels_toml(base))
        monkeypatch.chdir(tmp_path)
        for name, value in {
            "ORESIGHT_HOME": str(tmp_path / "var"),
            "ORESIGHT_CHANNELS": str(tmp_path / "channels.toml"),
            "ORESIGHT_ALLOW_HOSTS": urlsplit(base).netloc,
            "ORESIGHT_HOST_DELAY": "0",
            "ORESIGHT_REDDIT_URL": base,
            "REDDIT_CLIENT_ID": "sample",
            "REDDIT_CLIENT_SECRET": "sample",
            "ORESIGHT_NOTIFY_URLS": chat.address(),
        }.items():
            monkeypatch.setenv(name, value)
        new = collect()
        read = label(limit=100)
        days = refresh()
        pages = report()
        erased = purge()
        assert publish() == publish()
        wrong = warn(return_state=True)
    assert new >= 600
    assert read == 100
    assert days >= 1
    assert all(Path(page).exists() for page in pages)
    assert erased == 0
    assert len(chat.taken) == 1, "the digest is sent, and nothing twice"
    assert wrong.message == "0 wrong"
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter())
        tasks = client.read_task_runs()
        (digest,) = client.read_latest_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["digest"])))
    assert {run.state_name for run in runs} == {"Completed"}
    assert all(str(page.parent) in str(digest.data) for page in map(Path, pages))
    assert len([t for t in tasks if t.name.startswith("pull")]) == 19


@pytest.mark.usefixtures("server")
def test_what_passes_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel that was well is asked again within seconds where its server fails; one that failed before is not."""
    entry = "<item><title>Lithium</title><guid>1</guid><link>https://example.org/1</link></item>"
    feed = answer(f"<rss version='2.0'><channel><title>x</title>{entry}</channel></rss>".encode())
    broken, faults = answer(b"", 500), iter([answer(b"", 503)])

    def flaky(handler: BaseHTTPRequestHandler) -> None:
        next(faults, feed)(handler)

    with Server({"/flaky": flaky, "/broken": broken, "/lost": answer(b"", 404)}) as web:
        lines = (FEED.format(name, web.url(f"/{name}")) for name in ("flaky", "broken", "lost"))
        (tmp_path / "channels.toml").write_text("".join(lines))
        monkeypatch.chdir(tmp_path)
        for name, value in {
            "ORESIGHT_HOME": str(tmp_path / "var"),
            "ORESIGHT_CHANNELS": str(tmp_path / "channels.toml"),
            "ORESIGHT_ALLOW_HOSTS": f"127.0.0.1:{web.port}",
            "ORESIGHT_HOST_DELAY": "0",
        }.items():
            monkeypatch.setenv(name, value)
        assert collect() == 1
        first = Counter(seen.path for seen in web.seen)
        collect(everything=True)
        again = Counter(seen.path for seen in web.seen) - first
    assert first == {"/flaky": 2, "/broken": 4, "/lost": 1}
    assert again["/broken"] == 1
