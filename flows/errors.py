"""What a person can put right before a run starts.

UsageError          wrong use; exit 2
+-- SettingsError   a variable in the environment or in .env
+-- ChannelsError   a line in channels.toml
+-- ThemesError     a line in themes.toml
+-- EventsError     a line in events.toml
+-- ScheduleError   a line in schedule.toml
NothingReached      every channel due failed on the way; exit 3
NoFeed              a server answered, but not with a feed; exit 1
ServeError          the schedule cannot be served; exit 1
"""


class UsageError(Exception):
    """The command, a setting or a file written by people cannot be used as it stands."""


class SettingsError(UsageError):
    """A variable of the environment cannot be used."""


class ChannelsError(UsageError):
    """A line of channels.toml cannot be used."""


class ThemesError(UsageError):
    """A line of themes.toml cannot be used."""


class EventsError(UsageError):
    """A line of events.toml cannot be used."""


class ScheduleError(UsageError):
    """A line of schedule.toml cannot be used."""


class NothingReached(Exception):
    """No channel that was due could be reached."""


class NoFeed(Exception):
    """There is no feed at an address, nor any that it leads to."""


class ServeError(Exception):
    """Prefect's server, or what runs the schedule, cannot be started or kept up."""
