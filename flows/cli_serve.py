"""`oresight serve`, `healthy` and `alerts`: the schedule, whether it lives, and what is wrong now."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from threading import Event

import click

from flows.settings import load

PORT = 4200


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Of our own server.")
def serve(port: int) -> int:
    """Collect, label, refresh, purge, digest and alert on schedule, until stopped.

    Uses the Prefect server that PREFECT_API_URL names, else starts one on 127.0.0.1. schedule.toml in the home, else
    config/schedule.toml, says what is due when.

    \b
    Examples:
      oresight serve
      oresight serve --port 4300
      PREFECT_API_URL=http://prefect.example:4200/api oresight serve
    """
    from prefect.settings import get_current_settings

    from flows import schedule, show
    from flows.serve import serve as keep_serving

    settings, stop = load(), Event()
    jobs = schedule.load(schedule.path(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    idle = sorted({job.name for job in jobs} & schedule.NEEDS_KEYS)
    if idle and not settings.has_reddit_keys:
        keys = "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET"
        show.say(f"Reddit is left out ({', '.join(idle)}): set {keys} in .env to let it join in")
    return keep_serving(settings, port=port, api=get_current_settings().api.url, stop=stop)


@click.command()
def healthy() -> int:
    """Whether `oresight serve` lives and its Prefect server answers: exit code 0, else 1 and one line.

    \b
    Example:
      oresight healthy
    """
    from flows import show
    from flows.serve import ill

    if why := ill(load(), now=_now()):
        show.say(why)
        return 1
    return 0


@click.command()
def alerts() -> int:
    """What is wrong now, the oldest first; exit code 1 where anything is.

    \b
    Examples:
      oresight alerts
      oresight sql "select * from alerts order by opened_at"
    """
    from flows.warn import show_alerts

    return show_alerts(load(), now=_now())


def _now() -> datetime:
    return datetime.now(UTC)


COMMANDS = (alerts, healthy, serve)
