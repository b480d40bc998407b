"""The whole pipe over the bundled sample, served over real HTTP on loopback: no network, no keys.

sample.server -> `oresight run` in a home of its own, marked as a sample
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from flows.errors import UsageError
from flows.settings import SAMPLE_MARK, Settings, load
from sample import channels, server


@contextmanager
def sample_settings(settings: Settings, now: datetime) -> Iterator[Settings]:
    """Settings for a fresh home beside the real one, with the sample's server running while they are in use."""
    home = _fresh(settings.home / "demo")
    with server.serve(now) as url:
        listed = home / "channels.toml"
        listed.write_text(channels.channels_toml(url), encoding="utf-8")
        yield load(
            home=home,
            channels_file=listed,
            stance_model=settings.stance_model,
            host_delay=0,
            allow_hosts=urlsplit(url).netloc,
            author_key="sample",
            reddit_url=url,
            reddit_client_id="sample",
            reddit_client_secret="sample",  # noqa: S106 - the loopback server takes any
            reddit_username=None,
            reddit_password=None,
        )


def _fresh(home: Path) -> Path:
    if home.exists() and not (home / SAMPLE_MARK).exists():
        raise UsageError(f"{home} is not a sample's home; move it away or set ORESIGHT_HOME")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / SAMPLE_MARK).write_text("This store holds the bundled sample, not the world.\n", encoding="utf-8")
    return home
