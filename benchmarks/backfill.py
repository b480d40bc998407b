"""A made dump of 2,000,000 comments in the true format: how fast it is sifted, in how much memory, and the same again
after kill -9.

    python benchmarks/backfill.py [COMMENTS [SHARE]]

One comment in a hundred is kept. SHARE of the lines are of the wanted subreddit (default 1: a file of one subreddit;
0.02 is nearer to a month of all Reddit). The dump is one frame with a window of 2^31, as the real ones are. Rates are
by the clock and by processor time; memory is the peak of both processes, shared pages counted once.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import zstandard  # noqa: E402

from storage import database  # noqa: E402

BEGAN, STEP = 1_735_689_600, 12
SUBREDDIT = "worldnews"
CHANNELS = f'[[subreddit]]\nname = "{SUBREDDIT}"\ncommunity = "geopolitics"\n'
_COMMONEST = """
the of and to in is that it for you on with as are this be was have not at by from they we but or what there an if would
their which will has can all who my your do so just about how more people think know good time year way make really want
see right thing never even other some than then now could should because over game team season player watch movie money
house work city law vote party country news story question point reason idea problem court police weather food music dog
cat school friend family phone car train road lead book write read said says told made going back first last
"""
WORDS = _COMMONEST.split()
WEIGHTS = [0.003 if word == "lead" else 1 / rank for rank, word in enumerate(WORDS, 1)]
"""Zipf's, but for "lead", which may be the metal: as seldom as in English, one word in 2,000, so one comment in 60."""
ABOUT = (
    "Lithium prices fell again and the refiners in China do not mind.",
    "Who is going to separate the rare earths? Nobody here has a permit.",
    "Cobalt from the Congo goes through Chinese hands, whatever Brussels says.",
    "A new nickel smelter in Indonesia changes nothing about that dependence.",
)
_FIXED = {
    "all_awardings": [], "approved_at_utc": None, "archived": False, "associated_award": None, "comment_type": None,
    "author_flair_css_class": None, "author_flair_richtext": [], "author_flair_text": None, "author_is_blocked": False,
    "author_flair_type": "text", "author_patreon_flair": False, "author_premium": False, "awarders": [], "gilded": 0,
    "banned_at_utc": None, "can_gild": False, "can_mod_post": False, "collapsed": False, "controversiality": 0,
    "collapsed_because_crowd_control": None, "collapsed_reason": None, "distinguished": None, "downs": 0,
    "edited": False, "gildings": {}, "is_submitter": False, "likes": None, "locked": False, "mod_note": None,
    "mod_reports": [], "no_follow": True, "num_reports": None, "removal_reason": None, "replies": "", "saved": False,
    "report_reasons": [], "score_hidden": False, "send_replies": True, "stickied": False, "subreddit_type": "public",
    "user_reports": [],
    "top_awarded_type": None, "total_awards_received": 0, "treatment_tags": [], "unrepliable_reason": None,
}  # fmt: skip


def base36(number: int) -> str:
    """An id as Reddit writes it."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def threads(count: int) -> Iterator[bytes]:
    """Submissions that none of the minerals' words stands in."""
    chance = random.Random(2)  # noqa: S311 - words, not secrets
    for n in range(count):
        name, title = base36(40_000_000_000 + n), " ".join(chance.choices(WORDS[:60], k=9))
        row = {
            "id": name, "name": f"t3_{name}", "subreddit": SUBREDDIT, "title": title, "selftext": "", "author": f"u{n}",
            "created_utc": BEGAN + n * STEP, "permalink": f"/r/{SUBREDDIT}/comments/{name}/slug/", "num_comments": 9,
        }  # fmt: skip
        yield json.dumps(row, separators=(",", ":")).encode() + b"\n"


def comments(count: int, share: float) -> Iterator[bytes]:
    """Comments of which one in a hundred names a mineral; half of them answer another comment."""
    chance = random.Random(1)  # noqa: S311 - words, not secrets
    texts = [" ".join(chance.choices(WORDS, WEIGHTS, k=max(3, int(chance.expovariate(1 / 34))))) for _ in range(20_000)]
    line = json.dumps(_FIXED, separators=(",", ":"))[:-1]
    kept = max(1, round(140 * share))  # of the wanted subreddit's, one in so many
    for n in range(count):
        wanted = chance.random() < share
        where = SUBREDDIT if wanted else f"sub{chance.randrange(5000)}"
        text = chance.choice(texts)
        if wanted and chance.randrange(kept) == 0:
            text += f"\n\n{chance.choice(ABOUT)}"
        name, thread = base36(60_000_000_000 + n), base36(40_000_000_000 + n // 100)
        parent = f"t1_{base36(60_000_000_000 + n - chance.randrange(1, 60))}" if n > 60 and n % 2 else f"t3_{thread}"
        yield (
            f'{line},"author":"user_{chance.randrange(300_000)}","author_fullname":"t2_{name}",'
            f'"body":{json.dumps(text)},'
            f'"created_utc":{BEGAN + n},"id":"{name}","link_id":"t3_{thread}","name":"t1_{name}",'
            f'"parent_id":"{parent}",'
            f'"permalink":"/r/{where}/comments/{thread}/what_the_thread_is_called/{name}/",'
            f'"retrieved_on":{BEGAN + n + 9},'
            f'"score":{n % 90},"subreddit":"{where}","subreddit_id":"t5_2qh13","subreddit_name_prefixed":"r/{where}",'
            f'"updated_on":{BEGAN + n + 10},"ups":{n % 90}}}\n'
        ).encode()


def write(path: Path, lines: Iterator[bytes]) -> int:
    """Pack lines as the dumps are packed; returns their bytes."""
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=31, enable_ldm=True)
    written = 0
    with path.open("wb") as file, zstandard.ZstdCompressor(compression_params=parameters).stream_writer(file) as packed:
        for line in lines:
            packed.write(line)
            written += len(line)
    return written


def start(home: Path, dumps: list[Path]) -> subprocess.Popen[bytes]:
    """`oresight backfill` in a process of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ORESIGHT_", "REDDIT_"))}
    env = clean | {"ORESIGHT_HOME": str(home), "ORESIGHT_AUTHOR_KEY": "benchmark"}
    home.mkdir(parents=True, exist_ok=True)
    (home / "channels.toml").write_text(CHANNELS)
    command = [sys.executable, "-c", "from flows.cli import main; main()", "backfill", *map(str, dumps)]
    return subprocess.Popen(command, env=env, cwd=ROOT)  # noqa: S603 - our own command


def ended(process: subprocess.Popen[bytes], seconds: float = 1e9) -> tuple[float, float, bool]:
    """Wait, then kill: processor seconds, peak memory in MB with its second reader, whether it was killed.

    What the kernel says of a child's peak begins with its parent's, which packed the dump; so it is looked at here.
    """
    peak, until = 0.0, time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until:
        peak = max(peak, resident(process.pid))
        time.sleep(0.2)
    was_killed = process.poll() is None
    process.kill()
    process.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime, peak, was_killed


def resident(pid: int) -> float:
    """MB that a process and its children have in memory; a page that they share counts once."""
    pids = [pid]
    for one in pids:
        with contextlib.suppress(OSError):
            pids += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
    total = 0
    for one in pids:
        with contextlib.suppress(OSError):
            (shared,) = re.findall(r"^Pss: +(\d+) kB", Path(f"/proc/{one}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(shared)
    return total * 1024 / 1e6


def held(home: Path) -> set[tuple[object, ...]]:
    """What the store holds, but for when it came."""
    with database.open_snapshot(home) as con:
        rows = con.execute(
            "SELECT guid, title, text, context, url, published_at, author_hash FROM base.items"
        ).fetchall()
    if len(rows) != len({row[0] for row in rows}):
        raise SystemExit("an id stands in the store twice")
    return set(rows)


def killed(home: Path, dumps: list[Path], times: int, seconds: float) -> tuple[int, float]:
    """Kill the command again and again, then let it end: how often it was killed, and peak memory."""
    chance, kills, memory = random.Random(3), 0, 0.0  # noqa: S311
    for _ in range(times):
        _, peak, was_killed = ended(start(home, dumps), seconds * chance.uniform(0.15, 0.6))
        kills, memory = kills + was_killed, max(memory, peak)
    return kills, max(memory, ended(start(home, dumps))[1])


def say(line: str) -> None:
    """A line of the result."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Make, read, kill, compare."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    share = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    folder = Path(tempfile.mkdtemp(prefix="backfill-"))
    try:
        dumps = [folder / f"{SUBREDDIT}_submissions.zst", folder / f"{SUBREDDIT}_comments.zst"]
        write(dumps[0], threads(count // 100))
        size = write(dumps[1], comments(count, share))
        say(f"made {count:,} comments: {size / 1e9:.2f} GB, {dumps[1].stat().st_size / 1e6:.0f} MB packed")
        began, before = time.monotonic(), ended(subprocess.Popen(["true"]))[0]  # noqa: S607
        used, memory, _ = ended(start(folder / "whole", dumps))
        seconds, used = time.monotonic() - began, used - before
        whole = held(folder / "whole")
        say(f"read in {seconds:.1f} s, {used:.1f} s of processor time, with the start of the program")
        say(f"{count / seconds:,.0f} comments/s by the clock, {count / used:,.0f} a second of processor time")
        say(f"kept {len(whole):,}; peak memory {memory:.0f} MB, both processes")
        kills, peak = killed(folder / "killed", dumps, 6, seconds)
        same = held(folder / "killed") == whole
        say(f"killed {kills} times: {'the same items' if same else 'OTHER ITEMS'}; peak memory {peak:.0f} MB")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
