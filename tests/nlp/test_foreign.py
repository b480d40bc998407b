"""Any classifier or NLI model in Hugging Face's layout answers like ours; what cannot is refused in one line."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nlp import stance
from records import LABELS

torch = pytest.importorskip("torch", reason="torch is not installed (make torch): models of other makers cannot run")

HYPOTHESES = Path(stance.__file__).parents[1] / "config" / "hypotheses.toml"
WORDS = (
    "the a who will refine it nobody plan fails lithium magnets together we build is worth ore author believes argues "
    "explains reports that supply chains . , ? ! china"
)
TEXTS = [
    (None, "Who will refine it? Nobody. The plan fails."),
    ("Lithium magnets, a plan || We build it", "Together we build it. It is worth it!"),
    (None, "[SEP] [CLS] </s> \ud800"),
    (None, ""),
]
LONG = "The plan.\n\n" + "\n".join(["We build magnets together."] * 90)


def build(folder: Path, labels: dict[int, str], kind: str = "bert", **more: Any) -> Path:
    """A tiny model with random weights and a tokenizer of a few words, as transformers saves them."""
    import transformers as hf  # noqa: PLC0415
    from tokenizers import Tokenizer, models, pre_tokenizers, processors  # noqa: PLC0415

    special = {"bert": ["[PAD]", "[UNK]", "[CLS]", "[SEP]"], "roberta": ["<pad>", "<unk>", "<s>", "</s>"]}[kind]
    pad, unknown, start, end = special
    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate([*special, *WORDS.split()])}, unk_token=unknown))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    middle = f"{end} {end}" if kind == "roberta" else end
    second = "" if kind == "roberta" else ":1"
    made.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {middle} $B{second} {end}{second}",
        special_tokens=[(start, 2), (end, 3)],
    )
    tokenizer = hf.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token=pad, unk_token=unknown, cls_token=start, sep_token=end, model_max_length=96
    )
    torch.manual_seed(7)
    maker = {"bert": hf.BertConfig, "roberta": hf.RobertaConfig}[kind]
    config = maker(
        vocab_size=len(special) + len(WORDS.split()), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=98, type_vocab_size=2 if kind == "bert" else 1, pad_token_id=0,
        num_labels=len(labels), id2label=labels, initializer_range=0.5, **more,
    )  # fmt: skip
    network = hf.AutoModelForSequenceClassification.from_config(config)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    """A classifier with our labels in another order and spelling."""
    return build(tmp_path / "classifier", {0: "Neutral", 1: "SCEPTICAL", 2: "Industrial collaboration", 3: "Realist"})


def sums(model: stance.StanceModel) -> None:
    """Every text is answered, in order, by whole probabilities."""
    labels = model.label(TEXTS)
    assert [label.model for label in labels] == [model.id] * len(TEXTS)
    assert all(sum(label.probabilities) == pytest.approx(1) for label in labels)
    assert (labels[3].stance, labels[3].confidence) == ("none", 1.0)
    for (_, text), label in zip(TEXTS, labels, strict=True):
        assert (label.evidence is None) == (label.stance == "none")
        assert label.evidence is None or text[slice(*label.evidence)].strip()


def expected(folder: Path, first: str, second: str | None = None) -> Any:
    """The softmax over what transformers itself makes of one text or pair."""
    import transformers as hf  # noqa: PLC0415

    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    network = hf.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    given = tokenizer(first, second, return_tensors="pt")
    if network.config.type_vocab_size < 2:
        given.pop("token_type_ids", None)
    with torch.no_grad():
        return network(**given).logits[0]


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_a_classifier_answers_by_its_own_labels(tmp_path: Path, kind: str) -> None:
    """Outputs go to the labels that the model's config names, and are those that transformers computes."""
    folder = build(tmp_path / kind, {0: "Neutral", 1: "SCEPTICAL", 2: "Industrial-Collaboration", 3: "realist"}, kind)
    model = stance.load(folder)
    sums(model)
    for context, text in TEXTS[:2]:
        logits = expected(folder, context or text, text if context else None)
        found = torch.softmax(logits, 0)[[3, 2, 1, 0]].tolist()
        assert model.label([(context, text)])[0].probabilities == pytest.approx(found, abs=1e-5)


def test_an_nli_model_is_asked_each_hypothesis(tmp_path: Path) -> None:
    """The label whose hypothesis is entailed most, against the others', is the answer."""
    folder = build(tmp_path / "nli", {0: "contradiction", 1: "neutral", 2: "ENTAILMENT"})
    model = stance.load(folder, HYPOTHESES)
    sums(model)
    from nlp.foreign import read_hypotheses  # noqa: PLC0415

    text = "Who will refine it? Nobody. The plan fails."
    entailed = torch.stack([expected(folder, text, asked)[2] for asked in read_hypotheses(HYPOTHESES)])
    found = torch.softmax(entailed, 0).tolist()
    assert model.label([(None, text)])[0].probabilities == pytest.approx(found, abs=1e-5)


def test_other_hypotheses_are_another_model(tmp_path: Path) -> None:
    """An NLI model's id follows its hypotheses and its files; a folder's name and a name given stand before it."""
    folder = build(tmp_path / "nli", {0: "entailment", 1: "not_entailment"})
    other = tmp_path / "other.toml"
    other.write_text(HYPOTHESES.read_text(encoding="utf-8").replace("fail", "succeed"), encoding="utf-8")
    ids = [stance.load(folder, path).id for path in (HYPOTHESES, HYPOTHESES, other)]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].startswith("nli@")
    assert stance.load(folder, HYPOTHESES, "org/name@v1-").id == f"org/name@v1-{ids[0].removeprefix('nli@')}"
    (folder / "README.md").write_text("# Its card\n")
    assert (stance.load(folder, HYPOTHESES).id, stance.load(folder, HYPOTHESES).card) == (ids[0], "# Its card\n")


def test_company_and_order_change_nothing(classifier: Path) -> None:
    """A text's answer is the same alone and among others, and long texts are read passage by passage."""
    from nlp.passages import passages  # noqa: PLC0415

    model = stance.load(classifier)
    together = model.label([*TEXTS, *TEXTS[::-1]])
    for pair, label in zip(TEXTS, together, strict=False):
        assert model.label([pair])[0].probabilities == pytest.approx(label.probabilities, abs=1e-5)
    (label,) = model.label([(None, LONG)], cut=lambda _, words: passages(LONG, words, (), lambda _: True))
    assert label.evidence is None or LONG[slice(*label.evidence)] in LONG.split("\n")


def complaint(folder: Path, hypotheses: Path | None = HYPOTHESES) -> str:
    """What load says of a model that it refuses, on one line."""
    with pytest.raises(stance.StanceError) as caught:
        stance.load(folder, hypotheses)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "labels",
    [{0: "positive", 1: "negative"}, dict(enumerate((*LABELS, "other"))), {0: "realist", 1: "realism"}],
)
def test_foreign_labels_are_named(tmp_path: Path, labels: dict[int, str]) -> None:
    """A model of other labels is refused by their names, before its weights are read."""
    folder = build(tmp_path / "model", labels)
    (folder / "model.safetensors").write_bytes(b"never read")
    told = complaint(folder)
    assert all(label in told for label in labels.values())


def test_damage_is_one_line(classifier: Path) -> None:
    """Weights cut off or absent, a config that is none: one line that names the folder."""
    weights = classifier / "model.safetensors"
    body = weights.read_bytes()
    for damaged in (body[: len(body) // 2], b"", b"\xff" * 5000):
        weights.write_bytes(damaged)
        assert str(classifier) in complaint(classifier)
    weights.unlink()
    assert str(classifier) in complaint(classifier)
    (classifier / "config.json").write_text("[]")
    assert str(classifier) in complaint(classifier)


def test_pickled_weights_are_never_opened(classifier: Path) -> None:
    """A folder with weights in PyTorch's pickle format alone is refused, and the pickle does not run."""
    (classifier / "model.safetensors").unlink()
    mark = classifier.parent / "ran"
    (classifier / "pytorch_model.bin").write_bytes(b"cpathlib\nPath\n(V" + str(mark).encode() + b"\ntR.")
    assert str(classifier) in complaint(classifier)
    assert not mark.exists()


def test_code_in_the_folder_is_never_run(classifier: Path) -> None:
    """A config that maps itself to code beside it is refused or read without that code."""
    mark = classifier.parent / "ran"
    (classifier / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass C: pass\n")
    path = classifier / "config.json"
    config = json.loads(path.read_text()) | {"model_type": "evil", "auto_map": {"AutoConfig": "evil.C"}}
    path.write_text(json.dumps(config))
    complaint(classifier)
    assert not mark.exists()


def test_untrained_head_is_refused(classifier: Path) -> None:
    """Weights without the classifier's own layer would be filled in at random: refused by that layer's name."""
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    path = classifier / "model.safetensors"
    save_file({k: v for k, v in load_file(path).items() if not k.startswith("classifier")}, path, {"format": "pt"})
    assert "classifier" in complaint(classifier)


@pytest.mark.parametrize("body", ["", "realist = 1", 'realist = "x"', "[[[", '"a" = "b"'])
def test_hypotheses_must_be_whole(tmp_path: Path, body: str) -> None:
    """A file of hypotheses that lacks a label or is no TOML is refused by its name."""
    folder = build(tmp_path / "nli", {0: "entailment", 1: "contradiction"})
    path = tmp_path / "hypotheses.toml"
    path.write_text(body)
    assert str(path) in complaint(folder, path)


def test_analyze_takes_it(classifier: Path, tmp_path: Path) -> None:
    """Named in ORESIGHT_STANCE_MODEL, the model answers through the command."""
    if find_spec("duckdb") is None or not Path(sys.executable).with_name("oresight").exists():
        pytest.skip("the command is not installed in this environment")
    from tests.flows.command import oresight  # noqa: PLC0415

    done = oresight("analyze", home=tmp_path / "var", env={"ORESIGHT_STANCE_MODEL": str(classifier)}, stdin=b"Ore!\n")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["model"].startswith("classifier@")
