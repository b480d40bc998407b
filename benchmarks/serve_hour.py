"""One served hour: `oresight serve` with a schedule by the minute, against channels that misbehave, with kills between.

    python benchmarks/serve_hour.py [MINUTES] [--calm]

Every minute brings one more feed of each sort, for a quarter of an hour, so that from then on each run has work. A
quarter in, Prefect's server is killed; at half time the runner; at three quarters a run (not with --calm). Told at the
end, from Prefect's own records: runs due, done, failed, cancelled, crashed and missing, and how late they began; the
memory is the largest sum over all processes of the served tree, looked at every five seconds.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from flows.serve import healthy  # noqa: E402
from tests.servers import Route, Server, answer, conditional, cut, drip, raw, slow  # noqa: E402

GROWTH = 15
LATE_S = 30.0
SCHEDULE = {"feeds": "* * * * *", "refresh": "*/10 * * * *", "alerts": "*/5 * * * *", "digest": "*/20 * * * *"}
HTML = b"<!doctype html><title>Welcome</title><p>No feed here, but a very fine page."


def feed(name: str, until: datetime, entries: int = 8) -> bytes:
    """A feed whose newest entry is of this minute."""
    items = "".join(
        f"<item><title>{name}: lithium refinery, report {at:%H:%M}</title><link>https://example.org/{name}/{at:%H%M}"
        f"</link><guid>{name}-{at:%d%H%M}</guid><pubDate>{format_datetime(at)}</pubDate><description>Australia and the "
        f"United States will build a rare earth separation plant together.</description></item>"
        for at in (until.replace(second=0, microsecond=0) - timedelta(minutes=n) for n in range(entries))
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()


def living(name: str) -> Route:
    """Has something new every minute."""

    def route(handler: BaseHTTPRequestHandler) -> None:
        answer(feed(name, datetime.now(UTC)), Content_Type="application/rss+xml")(handler)

    return route


def sorts(number: int) -> dict[str, Route]:
    """One route of each sort, by path."""
    body = feed(f"still-{number}", datetime(2026, 1, 1, tzinfo=UTC))
    huge = b"<rss><channel>" + b"<item><title>x</title></item>" * 800_000
    routes = {
        "living": living(f"living-{number}"),
        "still": conditional(body, f'"{number}"'),
        "html": answer(HTML, Content_Type="text/html"),
        "broken": answer(b"no", 500),
        "refusing": answer(b"", 403),
        "pressed": answer(b"", 429, Retry_After="120"),
        "cut": cut(body, len(body) // 2),
        "slow": slow(20, answer(body)),
        "garbage": raw(b"\x00\xff" * 400),
    }
    if number == 0:  # these are dear to this machine as well
        routes |= {"dripping": drip(0.5), "huge": answer(huge), "gone": answer(b"", 410)}
    return {f"/{sort}-{number}": route for sort, route in routes.items()}


def listed(paths: list[str], server: Server) -> str:
    """channels.toml of what there is by now, with one that nobody answers for."""
    entry = '[[feed]]\nname = "{}"\nurl = "{}"\ncommunity = "trade-press"\nkeep = "all"\n'
    return "".join(entry.format(p.strip("/"), server.url(p)) for p in paths) + entry.format(
        "down", "http://127.0.0.1:9/feed"
    )


def free_port() -> int:
    """A port that nobody has."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


def tree(pid: int) -> Iterator[tuple[int, str, int]]:
    """Every process below this one, itself included: id, command line, memory that is its own in bytes."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        threads = [t.name for t in Path(f"/proc/{pid}/task").iterdir() if t.name != str(pid)]
        children += [c for t in threads for c in Path(f"/proc/{pid}/task/{t}/children").read_text().split()]
    except OSError:
        return
    yield pid, command, pages * os.sysconf("SC_PAGE_SIZE")
    for child in children:
        yield from tree(int(child))


def kill(pid: int, part: str) -> str | None:
    """Kill -9 the first process of the tree whose command line holds `part`."""
    for found, command, _ in tree(pid):
        if part in command:
            os.kill(found, signal.SIGKILL)
            return f"{datetime.now(UTC):%H:%M:%S} kill -9 {part}"
    return None


def main() -> None:
    """Serve, disturb, count."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what is served is stopped all the same
    words = [word for word in sys.argv[1:] if word != "--calm"]
    minutes, calm = int(words[0]) if words else 60, "--calm" in sys.argv
    with tempfile.TemporaryDirectory() as folder, Server({}) as server:
        home, port = Path(folder) / "var", free_port()
        home.mkdir()
        jobs = (f'[[job]]\nname = "{n}"\ncron = "{c}"\ntimezone = "UTC"\n' for n, c in SCHEDULE.items())
        (home / "schedule.toml").write_text("".join(jobs))
        (home / "channels.toml").write_text(listed([], server))
        allowed = f"127.0.0.1:{server.port},127.0.0.1:9"
        env = {**os.environ, "ORESIGHT_HOME": str(home), "ORESIGHT_ALLOW_HOSTS": allowed, "ORESIGHT_HOST_DELAY": "0"}
        env["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-c", "from flows.cli import main; main()", "serve", "--port", str(port)]
        log = Path(os.environ.get("SERVE_LOG", home / "serve.log")).open("wb")  # noqa: SIM115
        served = subprocess.Popen(command, env=env, cwd=folder, stdout=log, stderr=log)  # noqa: S603
        try:
            told = disturb(served.pid, server, home, port, minutes, calm)
            report(f"http://127.0.0.1:{port}/api", *told, home)
        finally:
            served.terminate()
            served.wait(60)


def disturb(
    pid: int, server: Server, home: Path, port: int, minutes: int, calm: bool
) -> tuple[datetime, datetime, int, Counter[str], list[str]]:
    """Let it run: from when, till when, the largest memory, that by process, and what was killed."""
    while not healthy(f"http://127.0.0.1:{port}/api"):
        time.sleep(1)
    began = datetime.now(UTC)
    paths: list[str] = []
    kills = (
        {}
        if calm
        else {minutes // 4: "prefect server", minutes // 2: "flows.deployments", minutes * 3 // 4: "prefect.engine"}
    )
    done: list[str] = []
    peak, parts, minute = 0, Counter[str](), -1
    while (now := datetime.now(UTC)) < began + timedelta(minutes=minutes):
        if (passed := int((now - began).total_seconds() // 60)) > minute:
            minute = passed
            if minute < GROWTH:
                routes = sorts(minute)
                server.routes.update(routes)
                paths += routes
                (home / "channels.toml").write_text(listed(paths, server))
        if minute in kills and (gone := kill(pid, kills[minute])):
            del kills[minute]
            done.append(gone)
        held = [(command, size) for _, command, size in tree(pid)]
        if (total := sum(size for _, size in held)) > peak:
            peak, parts = total, Counter()
            for command, size in held:
                parts[kind(command)] += size
        time.sleep(2 if minute in kills else 5)
    return began, datetime.now(UTC), peak, parts, done


def kind(command: str) -> str:
    """A process in a word."""
    known = ("prefect server", "flows.deployments", "prefect.engine", "serve --port")
    return next((part for part in known if part in command), "other")


def report(  # noqa: PLR0913, PLR0917 - one call, one line each
    api: str, began: datetime, ended: datetime, peak: int, parts: Counter[str], kills: list[str], home: Path
) -> None:
    """Count what Prefect kept."""
    os.environ["PREFECT_API_URL"] = api
    from prefect import get_client  # noqa: PLC0415 - it reads the address when it is first imported

    time.sleep(20)
    first = began.replace(second=0, microsecond=0) + timedelta(minutes=2)  # the runner starts after the server
    runs = []
    with get_client(sync_client=True) as client:
        names = {d.id: d.name for d in client.read_deployments()}
        while page := client.read_flow_runs(limit=200, offset=len(runs)):
            runs += page
        tasks = []
        while page := client.read_task_runs(limit=200, offset=len(tasks)):
            tasks += page
    print(f"served {began:%Y-%m-%d %H:%M} to {ended:%H:%M} UTC; killed: {'; '.join(kills) or 'nothing'}")  # noqa: T201
    for job in SCHEDULE:
        mine = [r for r in runs if names.get(r.deployment_id) == job and r.expected_start_time]
        mine = [r for r in mine if first <= r.expected_start_time < ended - timedelta(minutes=1)]
        states = Counter(r.state_name for r in mine)
        lag = sorted((r.start_time - r.expected_start_time).total_seconds() for r in mine if r.start_time)
        told = f"began late by {median(lag):.1f} s at the median, {lag[-1]:.0f} s at most" if lag else "none began"
        late = sum(s > LATE_S for s in lag)
        print(f"{job:8} {len(mine):3} due: {dict(states)}; {told}; {late} later than {LATE_S:.0f} s")  # noqa: T201
    print(f"tasks {dict(Counter(t.state_name for t in tasks))}")  # noqa: T201
    each = ", ".join(f"{name} {size >> 20}" for name, size in parts.most_common())
    print(f"peak memory {peak >> 20} MiB ({each})")  # noqa: T201
    for query in (
        "SELECT state, count(*) AS n FROM coverage GROUP BY 1 ORDER BY 2 DESC",
        "SELECT count(*) AS items, count(DISTINCT channel) AS channels FROM items",
        "SELECT outcome, count(*) AS n FROM runs WHERE kind = 'collect' GROUP BY 1 ORDER BY 2 DESC",
    ):
        command = [sys.executable, "-c", "from flows.cli import main; main()", "sql", query]
        done = subprocess.run(  # noqa: S603
            command,
            env={**os.environ, "ORESIGHT_HOME": str(home), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        print(done.stdout or done.stderr, end="")  # noqa: T201


if __name__ == "__main__":
    main()
