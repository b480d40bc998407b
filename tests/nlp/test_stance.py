"""Laws of the stance model as it is shipped: every text gets an answer, and only its own."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import stance
from records import LABELS, Label

SHIPPED = Path(stance.__file__).parent / "models" / "stance-minilm"
ORDINARY = [
    (
        "G7 looks at common floor price for NdPr",
        "They will never pay more than Beijing asks. I give it one budget cycle.",
    ),
    (None, "Shares of the miner fell 4 per cent on Tuesday after it cut its lithium guidance."),
    (
        "Estonian magnet plant ramps up || Finally Europe makes its own magnets",
        "makes its own magnets out of whose metal?",
    ),
    (
        None,
        "A shared refinery would pay for itself. No single ally has the volume; five of us together do, and should.",
    ),
]
STRANGE = {
    "empty": "",
    "blank": " \t\n\u200b",
    "a hundred thousand words": "word " * 100_000,
    "one word without end": "a" * 200_000,
    "only emojis": "😀🔥🚀" * 40,
    "control characters": "\x00\x01\x1b[31m\x7f\x85",
    "lone surrogates": "rare\ud800earth\udfff magnets",
    "imitated separators": "[SEP] [CLS] </s> <s> [PAD] [MASK] <|endoftext|>",
    "another script": "稀土供应链永远不会离开中国。",
    "right to left": "\u202erefinery \u200fיש",
}


@pytest.fixture(scope="module")
def model() -> stance.StanceModel:
    """The model in the repository."""
    return stance.load(SHIPPED)


def near(one: Label, other: Label) -> bool:
    """The same answer, but for a rounding that cannot be seen."""
    gaps = (abs(a - b) for a, b in zip(one.probabilities, other.probabilities, strict=True))
    return one.stance == other.stance and max(gaps) < 1e-3


def sound(label: Label, text: str) -> bool:
    """A label keeps every promise that records.Label makes."""
    whole = abs(sum(label.probabilities) - 1) < 1e-9 and all(0 <= p <= 1 for p in label.probabilities)
    decided = label.confidence == max(label.probabilities) == label.probabilities[LABELS.index(label.stance)]
    inside = label.evidence is None or 0 <= label.evidence[0] < label.evidence[1] <= len(text)
    return whole and decided and inside and (label.evidence is None) == (label.stance == "none")


def test_no_texts_no_labels(model: stance.StanceModel) -> None:
    """Nothing asked, nothing answered."""
    assert model.label([]) == []


@pytest.mark.parametrize("name", STRANGE)
def test_strange_text_gets_an_answer_and_harms_no_other(model: stance.StanceModel, name: str) -> None:
    """A text that no person would write is answered, and its neighbours' answers stay as they were."""
    alone = model.label(ORDINARY)
    mixed = model.label([ORDINARY[0], (None, STRANGE[name]), *ORDINARY[1:], (STRANGE[name], "Nobody will build it.")])
    assert all(map(near, [mixed[0], *mixed[2:5]], alone))
    assert sound(mixed[1], STRANGE[name])
    assert sound(mixed[5], "Nobody will build it.")


@pytest.mark.parametrize("text", ["", "  \n ", "\x00\x07", "\ud800", "\u200b\ufeff"])
def test_text_without_a_sign_is_none_for_certain(model: stance.StanceModel, text: str) -> None:
    """What cannot be read takes no stance, whatever its thread says."""
    (label,) = model.label([("This will fail, like every Western rare-earth plan", text)])
    assert (label.stance, label.probabilities, label.abstained) == ("none", (0.0, 0.0, 0.0, 1.0), False)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.none() | st.text(max_size=80), st.text(max_size=200)), max_size=4))
def test_every_label_is_sound(model: stance.StanceModel, pairs: list[tuple[str | None, str]]) -> None:
    """Probabilities sum to one, the stance is the likeliest, and evidence lies inside a text that takes one."""
    labels = model.label(pairs)
    assert len(labels) == len(pairs)
    assert all(sound(label, text) for label, (_, text) in zip(labels, pairs, strict=True))


def test_answers_do_not_depend_on_order_or_company(model: stance.StanceModel) -> None:
    """A text gets the same answer alone, first, or last among many."""
    alone = [model.label([pair])[0] for pair in ORDINARY]
    for order in itertools.permutations(range(len(ORDINARY))):
        together = model.label([ORDINARY[i] for i in order] * 2)
        assert all(near(together[place], alone[i]) for place, i in enumerate(order))


def test_asked_twice_answers_twice_alike(model: stance.StanceModel) -> None:
    """The same texts in the same order get the very same labels, from this load or another."""
    assert model.label(ORDINARY) == model.label(ORDINARY) == stance.load(SHIPPED).label(ORDINARY)


def test_context_is_read(model: stance.StanceModel) -> None:
    """A bare reply takes its meaning from what it answers."""
    replies = [("Will Europe ever make its own magnets?", "Nope, never."), ("Is gallium a rare earth?", "Nope, never.")]
    first, second = model.label(replies)
    assert not near(first, second)


def test_evidence_is_a_sentence_of_the_text(model: stance.StanceModel) -> None:
    """The quotation begins and ends where a sentence does, and a single sentence is quoted whole."""
    text = (
        "Shares rose. This plan is a photo-op and will never be built; China has already won. The market opens at nine."
    )
    single = "  This plan is a photo-op and will never be built, China has already won.  "
    many, one = model.label([(None, text), (None, single)])
    assert many.stance == one.stance == "skeptic"
    assert text[slice(*many.evidence)] == text.split(". ")[1] + "."  # type: ignore[misc]
    assert single[slice(*one.evidence)] == single.strip()  # type: ignore[misc]


def test_progress_counts_every_text_once(model: stance.StanceModel) -> None:
    """The steps told add up to the texts given, those that no batch holds alike included."""
    steps: list[int] = []
    model.label([*ORDINARY, (None, ""), (None, "word " * 500)] * 7, steps.append)
    assert sum(steps) == 42


def test_abstains_below_its_threshold(model: stance.StanceModel) -> None:
    """An answer is withheld exactly when its confidence is under the folder's threshold."""
    threshold = stance.unpack(SHIPPED).threshold
    labels = model.label([*ORDINARY, (None, "Noted."), (None, "Refining, maybe. Who pays?"), (None, "ok")])
    assert [label.abstained for label in labels] == [label.confidence < threshold for label in labels]


def test_names_itself_and_its_quality(model: stance.StanceModel) -> None:
    """The id carries a digest of what it answers with; the quality is one sentence that names its figure."""
    assert model.id.startswith("stance-minilm@")
    assert len(model.id.partition("@")[2]) == 8
    assert "macro-F1" in model.quality
    assert "\n" not in model.quality


def test_loading_is_silent_and_writes_nothing(tmp_path: Path) -> None:
    """Nothing on stderr, no file in the home directory, and no library that reports its use to its maker."""
    code = (
        "import sys; from pathlib import Path; from nlp import stance\n"
        "assert not {'openvino', 'transformers', 'torch'} & set(sys.modules), 'import alone starts no runtime'\n"
        f"print(len(stance.load(Path({str(SHIPPED)!r})).label([(None, 'Who will refine it?')])))\n"
        "assert not sys.modules.get('openvino_telemetry')\n"
        "from importlib.util import find_spec\n"
        "assert 'torch' not in sys.modules or find_spec('torch')  # transformers imports what it finds\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=SHIPPED.parents[2],
        env={"HOME": str(tmp_path)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
    assert list(tmp_path.iterdir()) == []
