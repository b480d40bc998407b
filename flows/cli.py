"""The `oresight` command: arguments in, exit code out; the work is elsewhere.

Exit codes: 0 done; 1 failed; 2 wrong use; 3 nothing could be reached; 4 degraded. Data goes to stdout, everything
else to stderr. Modules that load a model or Prefect are imported by the command that needs them.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from flows import show
from flows.cli_backfill import backfill
from flows.cli_channels import channels
from flows.cli_data import COMMANDS as DATA
from flows.cli_model import COMMANDS
from flows.cli_privacy import forget, purge
from flows.cli_serve import COMMANDS as SERVE
from flows.errors import NothingReached, UsageError
from flows.settings import load
from flows.version import VERSION

FAILED, WRONG_USE, UNREACHED, INTERRUPTED = 1, 2, 3, 130

FOLDER = click.Path(file_okay=False, path_type=Path)
ROOMS = ("flows", "sources", "nlp", "storage", "digest")
log = logging.getLogger("oresight")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="oresight")
@click.option("--debug", is_flag=True, help="Tell more, with tracebacks.")
def cli(debug: bool) -> None:
    """Which stance does the talk about critical minerals take, week by week?

    \b
    Examples:
      oresight run                    collect, label, refresh, write the week's digest
      oresight demo                   the same over the bundled sample, without network or keys
      oresight status                 what each channel did last
    """
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    for room in (*ROOMS, "oresight"):  # not the libraries: what they tell at this level may hold secrets
        logging.getLogger(room).setLevel(logging.DEBUG if debug else logging.ERROR)


@cli.command()
def run() -> int:
    """Collect, label, refresh, digest: the main job. Prints the paths of the pages.

    \b
    Example:
      oresight run
    """
    from flows import jobs

    code, pages = jobs.run(load(), now=_now())
    _print_paths(pages)
    return code


@cli.command()
@click.option("--only", "names", multiple=True, metavar="NAME", help="Just this channel; may be given again.")
@click.option("--all", "everything", is_flag=True, help="Due or not; politeness still holds.")
@click.option("--record", type=FOLDER, metavar="DIR", help="Keep what every feed answers in this new folder.")
@click.option("--replay", type=FOLDER, metavar="DIR", help="Take the answers from such a folder; open no socket.")
def collect(names: tuple[str, ...], everything: bool, record: Path | None, replay: Path | None) -> int:
    """Pull every channel that is due.

    \b
    Examples:
      oresight collect
      oresight collect --only mining-weekly --all
      oresight collect --only mining-weekly --all --record tape
      ORESIGHT_HOME=elsewhere oresight collect --replay tape
    """
    from flows import jobs

    if record and replay:
        raise click.UsageError("--record and --replay exclude each other: a tape is not recorded from a tape")
    if replay:
        return jobs.replay(load(), names, replay)
    if record:
        return jobs.record(load(), names, record, everything=everything, now=_now())
    return jobs.collect(load(), names, everything=everything, now=_now())


@cli.command()
@click.option("--limit", type=click.IntRange(min=1), help="At most so many items.")
def label(limit: int | None) -> None:
    """Label what has no label from the current model.

    \b
    Example:
      oresight label --limit 1000
    """
    from flows import jobs

    jobs.label(load(), limit, now=_now())


@cli.command()
@click.option("--relabel", is_flag=True, help="First label again what another model or other gazetteers have read.")
@click.option("--rebuild", is_flag=True, help="All days, touched or not; gives the same series.")
def refresh(relabel: bool, rebuild: bool) -> None:
    """Recompute the series of touched days and publish the snapshot.

    A new model breaks the series (model_break in series_weekly); --relabel mends that. Stopped, it goes on where it was
    when it is given again. What was deleted at its source has no words and keeps its label.

    \b
    Examples:
      oresight refresh
      oresight refresh --relabel
    """
    from flows import jobs

    if relabel:
        jobs.relabel(load(), now=_now())
    jobs.refresh(load(), now=_now(), whole=rebuild)


@cli.command()
@click.option("--week", metavar="WEEK", help="An ISO week as in 2026-W47; default: the last complete one.")
@click.option("--format", "formats", default="html,md", show_default=True, help="Any of html, md, json, eml.")
@click.option("--out", type=FOLDER, help="A folder other than HOME/digests.")
@click.option("--as-of", metavar="DATE", help="As it could be told at the end of that day (or at an ISO time), UTC.")
@click.option("--send", is_flag=True, help="Send it to SMTP_TO and ORESIGHT_NOTIFY_URLS; to nobody twice.")
@click.option("--open", "opening", is_flag=True, help="Open it in your browser, inside the archive.")
def digest(week: str | None, formats: str, out: Path | None, as_of: str | None, send: bool, opening: bool) -> int:
    """Write the week's digest and print where it lies; with --send, bring it to its recipients.

    \b
    Examples:
      oresight digest
      oresight digest --week 2026-W47 --format html,md,json --out pages
      oresight digest --send
      oresight digest --open
      oresight digest --week 2026-W46 --as-of 2026-11-16
    """
    from flows import reading, weeks
    from flows.report import write_digest

    if as_of:
        if send or opening:
            raise click.UsageError("--as-of writes pages: it neither sends nor opens them")
        return _digest_as_of(week, formats, out, as_of)
    settings, chosen = load(), week or weeks.last_complete(_now())
    pages = write_digest(settings, week=chosen, formats=formats.split(","), out=out)
    _print_paths(pages)
    if opening:
        reading.open_page(reading.address(chosen, pages, settings.home / "site"))
    if not send:
        return 0
    from flows.deliver import send_and_tell

    return send_and_tell(settings, week=chosen, now=_now())


def _digest_as_of(week: str | None, formats: str, out: Path | None, as_of: str) -> int:
    from flows.as_of import moment, write_as_of

    at = moment(as_of, now=_now())
    _print_paths(write_as_of(load(), at, week=week, formats=formats.split(","), out=out))
    return 0


@cli.command()
def status() -> None:
    """What each channel did last, trouble first, and how fresh snapshot and model are.

    \b
    fine       it answers, and brought items within seven days
    quiet      it answers, and brought none
    silent     it answers, with far fewer entries than it used to
    failing    it cannot be read; the reason says why
    blocked    the server refuses us
    gone       the server says that it is gone for good; it is not asked again

    \b
    Examples:
      oresight status
      oresight status | awk -F'\\t' '$3 == "soft"'
    """
    from flows.status import show_status

    show_status(load(), now=_now())


@cli.command()
def demo() -> int:
    """The same pipeline over the bundled sample, served over real HTTP on loopback: no network, no keys.

    \b
    Example:
      oresight demo
    """
    from flows import jobs
    from flows.demo import sample_settings

    show.say("This is the bundled sample, not the world.")
    with sample_settings(load(), _now()) as settings:
        _, pages = jobs.run(settings, now=_now())
    _print_paths(pages)
    return 0


for command in (backfill, channels, forget, purge, *COMMANDS, *DATA, *SERVE):
    cli.add_command(command)


def _now() -> datetime:
    return datetime.now(UTC)


def _print_paths(pages: tuple[Path, ...]) -> None:
    for page in pages:
        click.echo(str(page))


def main() -> None:
    """The entry point: every known error leaves as one line and its exit code."""
    _have_a_home()
    try:
        code = cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        show.say("interrupted; what was committed is kept")
        code = INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        code = FAILED
    except Exception as error:  # the last line of defence: one line for a person, the traceback with --debug
        code = _exit_code(error)
        log.debug("traceback", exc_info=True)
        show.say(f"oresight: {_one_line(error)}")
    sys.exit(code if isinstance(code, int) else 0)


def _have_a_home() -> None:
    """A user that is a mere number has none, and Prefect looks there for its settings."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = tempfile.gettempdir()


def _exit_code(error: Exception) -> int:
    from nlp.tables import GazetteerError

    if isinstance(error, UsageError | GazetteerError):
        return WRONG_USE
    return UNREACHED if isinstance(error, NothingReached) else FAILED


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return "the disk is full; free some space and run again, nothing that was committed is lost"
        return f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
    if type(error).__module__.split(".")[0] in ROOMS:
        return " ".join(str(error).split())
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())}; run again with --debug and report it"
