"""Wrong use and bad input at the command line: one clear line, the right exit code, nothing lost."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flows.settings import ROOT
from sample.server import Answer, Request, hosting
from tests.flows.command import oresight
from tests.flows.test_demo import ask

RSS = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>'
    b"<item><title>Lithium refinery gets its permit</title><link>https://example.org/%d</link>"
    b"<guid>g%d</guid><pubDate>Mon, 16 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>"
)


def one_line(stderr: bytes) -> str:
    """The one line that a person gets."""
    lines = stderr.decode().strip().splitlines()
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    return lines[0]


def listed(folder: Path, base: str, *names: str) -> dict[str, str]:
    """A channels.toml over feeds of one loopback server."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "channels.toml"
    path.write_text(
        "\n".join(f'[[feed]]\nname = "{n}"\nurl = "{base}/{n}"\ncommunity = "trade-press"\nkeep = "all"' for n in names)
    )
    return {"ORESIGHT_CHANNELS": str(path), "ORESIGHT_ALLOW_HOSTS": urlsplit(base).netloc}


def with_channel(env: dict[str, str], table: str) -> None:
    """Add a table to the list that `env` names."""
    with Path(env["ORESIGHT_CHANNELS"]).open("a") as file:
        file.write(f"\n{table}\n")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_unknown_key_is_wrong_use(tmp_path: Path) -> None:
    """channels.toml with an unknown key: line and key named, exit 2."""
    (tmp_path / "c.toml").write_text('[[feed]]\nname = "a"\nurl = "http://x/"\ncommunity = "official"\ncolour = 1\n')
    done = oresight("run", home=tmp_path / "var", env={"ORESIGHT_CHANNELS": str(tmp_path / "c.toml")})
    assert done.returncode == 2
    assert "line 5: unknown key 'colour'" in one_line(done.stderr)


def test_nothing_reached_is_exit_3(tmp_path: Path) -> None:
    """When no channel can be reached, one line says so, and no feed is blamed."""
    env = listed(tmp_path, f"http://127.0.0.1:{free_port()}", "one", "two")
    done = oresight("run", home=tmp_path / "var", env=env)
    assert done.returncode == 3
    assert "none of the 2 channels due could be reached" in one_line(done.stderr)
    rows = ask(tmp_path / "var", "select state, count(*) n from coverage group by 1")
    assert rows == [{"state": "soft", "n": "2"}]


def test_bad_feeds_are_rows_and_the_run_goes_on(tmp_path: Path) -> None:
    """Down, HTML, empty and cut off: each a row with its reason; the good ones are collected."""

    def answer(request: Request) -> Answer:
        number = ord(request.path[-1])
        return {
            "/down": Answer(503),
            "/html": Answer(200, b"<!doctype html><html><body>Hello</body></html>", {"Content-Type": "text/html"}),
            "/empty": Answer(200, b""),
            "/cut": Answer(200, (RSS % (7, 7))[:-30]),
        }.get(request.path, Answer(200, RSS % (number, number)))

    with hosting(answer) as base:
        env = listed(tmp_path, base, "down", "html", "empty", "cut", *"abcdefghijkl")
        done = oresight("run", home=tmp_path / "var", env=env)
    assert done.returncode == 0, done.stderr.decode()
    rows = ask(tmp_path / "var", "select channel, state, new, reason from coverage")
    told = {r["channel"]: (r["state"], int(r["new"])) for r in rows}
    assert told["down"] == ("soft", 0)
    assert told["html"] == ("not_a_feed", 0)
    assert told["empty"] == ("empty", 0)
    assert told["cut"] == ("ok", 1)
    assert all(told[name] == ("ok", 1) for name in "abcdefghijkl")
    assert all(r["reason"] for r in rows if r["channel"] in ("down", "html", "empty", "cut"))


def test_too_few_channels_is_exit_4(tmp_path: Path) -> None:
    """Fewer than 80 % delivered: the page is written and marked degraded, the exit code is 4."""
    with hosting(lambda r: Answer(503) if r.path == "/b" else Answer(200, RSS % (1, 1))) as base:
        done = oresight("run", home=tmp_path / "var", env=listed(tmp_path, base, "a", "b"))
    assert done.returncode == 4
    page = Path(done.stdout.decode().splitlines()[0])
    assert "degraded" in (tmp_path / page).read_text().lower()


def test_without_keys_reddit_is_left_out_in_one_line(tmp_path: Path) -> None:
    """Missing keys cost one line; the feeds go on."""
    with hosting(lambda _: Answer(200, RSS % (1, 1))) as base:
        env = listed(tmp_path, base, "a")
        with_channel(env, '[[subreddit]]\nname = "mining"\ncommunity = "investor"')
        done = oresight("collect", home=tmp_path / "var", env=env)
    assert done.returncode == 0
    assert done.stderr.count(b"REDDIT_CLIENT_ID") == 1
    assert ask(tmp_path / "var", "select channel, state from coverage") == [{"channel": "a", "state": "ok"}]


def test_wrong_keys_are_the_channels_state(tmp_path: Path) -> None:
    """Wrong Reddit keys: the subreddit is blocked and says why; the feeds go on, no secret is shown or stored."""
    with hosting(lambda r: Answer(200, RSS % (1, 1)) if r.method == "GET" else Answer(401, b'{"error": 401}')) as base:
        env = listed(tmp_path, base, "a") | {
            "ORESIGHT_REDDIT_URL": base,
            "REDDIT_CLIENT_ID": "wrong-id-7781",
            "REDDIT_CLIENT_SECRET": "wrong-secret-7781",
        }
        with_channel(env, '[[subreddit]]\nname = "mining"\ncommunity = "investor"')
        done = oresight("collect", home=tmp_path / "var", env=env)
    rows = {r["channel"]: r for r in ask(tmp_path / "var", "select channel, state, reason from coverage")}
    assert rows["a"]["state"] == "ok"
    assert rows["mining"]["state"] == "blocked"
    assert "keys" in rows["mining"]["reason"]
    written = b"".join(p.read_bytes() for p in (tmp_path / "var").rglob("*") if p.is_file() and not p.is_symlink())
    assert b"7781" not in done.stderr + done.stdout + written


def test_a_corrupt_model_is_refused(tmp_path: Path) -> None:
    """One changed byte in the model: exit 1 and one line that names the file; nothing is labelled."""
    model = tmp_path / "model"
    shutil.copytree(ROOT / "nlp" / "models" / "stance-minilm", model)
    (onnx,) = model.glob("*.onnx")
    data = bytearray(onnx.read_bytes())
    data[len(data) // 2] ^= 1
    onnx.write_bytes(data)
    done = oresight("analyze", home=tmp_path / "var", env={"ORESIGHT_STANCE_MODEL": str(model)}, stdin=b"hello\n")
    assert done.returncode == 1
    assert done.stdout == b""
    assert onnx.name in one_line(done.stderr)


def test_a_missing_model_says_which_setting(tmp_path: Path) -> None:
    """A path that holds no model is one line and exit 1."""
    done = oresight("analyze", home=tmp_path, env={"ORESIGHT_STANCE_MODEL": str(tmp_path / "none")}, stdin=b"hello\n")
    assert done.returncode == 1
    assert "none" in one_line(done.stderr)


@pytest.mark.parametrize("command", [["digest"], ["sql", "select 1"]])
def test_an_unreadable_snapshot_is_one_line(tmp_path: Path, command: list[str]) -> None:
    """A damaged snapshot: exit 1, one line that says how to publish a new one."""
    home = tmp_path / "var"
    (home / "snapshots").mkdir(parents=True)
    (home / "snapshots" / "store-1.duckdb").write_bytes(b"not a database" * 1000)
    (home / "current.duckdb").symlink_to("snapshots/store-1.duckdb")
    done = oresight(*command, home=home)
    assert done.returncode == 1
    assert "oresight refresh" in one_line(done.stderr)


@pytest.mark.parametrize("command", [["digest"], ["sql", "select 1"]])
def test_before_the_first_run_the_command_says_so(tmp_path: Path, command: list[str]) -> None:
    """Nothing published yet: exit 1 and what to run."""
    done = oresight(*command, home=tmp_path / "var")
    assert done.returncode == 1
    assert "run `oresight run` first" in one_line(done.stderr)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["digest", "--week", "2026-W60"], "no ISO week"),
        (["digest", "--format", "pdf"], "no format 'pdf'"),
        (["collect", "--only", "nobody"], "no channel is named nobody"),
        (["sql", "  "], "no query given"),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_use_is_exit_2(tmp_path: Path, command: list[str], words: str) -> None:
    """A wrong argument is exit 2 and says what is wrong."""
    done = oresight(*command, home=tmp_path / "var")
    assert done.returncode == 2
    assert words in done.stderr.decode()


def test_a_bad_setting_is_wrong_use(tmp_path: Path) -> None:
    """A setting that cannot be used names its variable."""
    done = oresight("status", home=tmp_path, env={"ORESIGHT_HOST_DELAY": "soon"})
    assert done.returncode == 2
    assert "ORESIGHT_HOST_DELAY" in one_line(done.stderr)
