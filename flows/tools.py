"""What reading a text takes: gazetteers and model, loaded once per process."""

from __future__ import annotations

from dataclasses import dataclass

from flows import models
from flows.settings import GAZETTEERS, Settings
from nlp import gazetteer, mentions, scan, stance, text


@dataclass(frozen=True, slots=True)
class Tools:
    """A reader of names, a model of stances, and the version of the gazetteers."""

    reader: mentions.Reader
    model: stance.StanceModel
    gates: str

    def whole(self) -> scan.Whole:
        """The model as it is used: long texts are read by their passages."""
        return scan.Whole(self.model, self.reader)


def load(settings: Settings) -> Tools:
    """Load gazetteers and model.

    Raises:
        nlp.gazetteer.GazetteerError: a gazetteer has a bad row.
        flows.errors.SettingsError, nlp.stance.StanceError: as flows.models.load says.
    """
    names = gazetteer.load(GAZETTEERS)
    text.prepare()
    return Tools(mentions.Reader(names), models.load(settings), names.version)
