"""A thousand feeds of twenty entries, on eight addresses of this machine: collected, then asked again.

    python benchmarks/feeds_collect.py [CHANNELS]

Times are those of `collect_channels` (fetch, parse, names, store, stories, snapshot), with no pause between requests to
one host; memory is the peak of this process, and of its parsers beside it. The server is another process. The last line
parses the same bytes with `feedparser.parse` and with ours, both in this process, by processor time.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import feedparser  # noqa: E402

from records import Channel  # noqa: E402

HOSTS = tuple(f"127.0.0.{n}" for n in range(1, 9))
ENTRIES = 20
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PARSED = 200
WORDS = (ROOT / "README.md").read_text(encoding="utf-8").replace("`", "").replace("<", "").replace("&", "").split()


def feed(number: int) -> bytes:
    """A feed as WordPress writes it: a summary and a text of some 250 words with links and pictures."""
    chance = random.Random(number)  # noqa: S311 - words, not secrets

    def words(count: int) -> str:
        return " ".join(chance.choices(WORDS, k=count))

    def entry(n: int) -> str:
        body = "".join(
            f'<p>{words(40)} <a href="https://example.com/{n}?a=1&amp;b=2">{words(3)}</a> {words(20)}</p>'
            f'<img src="https://example.com/{n}.jpg" alt="{n}" width="600" height="400"/>'
            for _ in range(4)
        )
        at = format_datetime(NOW - timedelta(hours=n + chance.random()), usegmt=True)
        return (
            f"<item><title>{words(9)}</title><link>https://example.com/{number}/{n}?utm_source=rss</link>"
            f'<dc:creator><![CDATA[{words(2)}]]></dc:creator><guid isPermaLink="false">{number}-{n}</guid>'
            f"<pubDate>{at}</pubDate><category><![CDATA[{words(1)}]]></category>"
            f"<description><![CDATA[<p>{words(45)}</p>]]></description>"
            f"<content:encoded><![CDATA[{body}]]></content:encoded></item>"
        )

    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{number}</title><link>https://example.com/</link><description/>{''.join(map(entry, range(ENTRIES)))}"
        "</channel></rss>"
    ).encode()


def serve(count: int, ports: multiprocessing.Queue[dict[str, int]]) -> None:
    """Answer for all feeds on all hosts until the process is ended."""
    bodies = [feed(number) for number in range(count)]
    tags = [f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"' for body in bodies]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        number = int(head.split(" ", 2)[1].strip("/"))
        known = f"If-None-Match: {tags[number]}" in head
        body = b"" if known else bodies[number]
        status = "304 Not Modified" if known else "200 OK"
        writer.write(
            f"HTTP/1.1 {status}\r\nETag: {tags[number]}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        await writer.drain()
        writer.close()

    async def run() -> None:
        servers = [await asyncio.start_server(answer, host, 0, backlog=256) for host in HOSTS]
        ports.put({h: s.sockets[0].getsockname()[1] for h, s in zip(HOSTS, servers, strict=True)})
        await asyncio.gather(*(s.serve_forever() for s in servers))

    asyncio.run(run())


def collect(count: int, ports: dict[str, int]) -> None:
    """Collect twice into a new home, and say how long it took."""
    from flows import collect as flow  # noqa: PLC0415 - the server's process does not need them
    from flows.settings import load  # noqa: PLC0415

    places = [f"{host}:{port}" for host, port in ports.items()]
    channels = [
        Channel(f"feed-{n}", "feed", "trade-press", f"http://{places[n % len(places)]}/{n}") for n in range(count)
    ]
    with tempfile.TemporaryDirectory() as home:
        settings = load(home=Path(home), host_delay=0, allow_hosts=",".join(places))
        for name, later in (("first", 0), ("second, all 304", 1)):
            began, worked = time.perf_counter(), time.process_time()
            done = flow.collect_channels(settings, channels, now=NOW + timedelta(minutes=later), everything=True)
            seconds, worked = time.perf_counter() - began, time.process_time() - worked
            states = {result.state for result in done.states.values()}
            tell(f"{name}: {count / seconds:.0f} channels/s, {done.new / seconds:.0f} new entries/s, {seconds:.1f} s")
            tell(f"  {worked:.1f} s of them this process was at work, its parsers not counted")
            tell(f"  {done.new} new, {done.updated} changed, states {', '.join(sorted(states))}")
    tell(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, and {parsers()} in its parsers")


def parsers() -> str:
    """The resident memory of each child that is still there: the server and the parsers."""
    sizes = []
    for path in Path("/proc").glob("[0-9]*/status"):
        told = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
        command = path.with_name("cmdline").read_bytes()
        if told["PPid"].strip() == str(os.getpid()) and b"bench.py" in command:
            sizes.append(int(told["VmHWM"].split()[0]) // 1024)
    return " + ".join(f"{size} MB" for size in sizes)


def parse_rates() -> None:
    """Entries a second of processor time, ours and feedparser's, over the same feeds."""
    from sources.feeds import parse  # noqa: PLC0415
    from sources.page import Page  # noqa: PLC0415

    bodies = [feed(number) for number in range(PARSED)]
    channel = Channel("c", "feed", "trade-press", "http://example.com/")
    works: tuple[Callable[[bytes], object], ...] = (
        lambda body: feedparser.parse(io.BytesIO(body)),
        lambda body: parse(Page("u", "http://e/", 200, (), body, "", None, None), channel, now=NOW),
    )
    spent = [0.0, 0.0]
    for body in bodies:  # by turns, so that a busy machine slows both
        for which, work in enumerate(works):
            began = time.process_time()
            work(body)
            spent[which] += time.process_time() - began
    plain, ours = (PARSED * ENTRIES / seconds for seconds in spent)
    tell(f"parse: {ours:.0f} entries/s, feedparser {plain:.0f} entries/s: {ours / plain:.1f} times")


def tell(line: str) -> None:
    """One line to whoever runs this."""
    print(line, flush=True)  # noqa: T201


def main() -> None:
    """Run the whole benchmark."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    forked = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[dict[str, int]] = forked.Queue()
    server = forked.Process(target=serve, args=(count, queue), daemon=True)
    server.start()
    try:
        collect(count, queue.get(timeout=120))
    finally:
        server.terminate()
    parse_rates()


if __name__ == "__main__":
    main()
