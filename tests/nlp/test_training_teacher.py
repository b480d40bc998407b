"""What a student takes from a teacher, with tiny encoders."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp import encoding
from nlp.training import data
from nlp.training.perturb import perturbed

torch = pytest.importorskip("torch", reason="needs the train extra")
SHIPPED = Path(encoding.__file__).parent / "models" / "stance-minilm"


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders like those of the student's and the teacher's base weights, with tiny random encoders."""
    from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel  # noqa: PLC0415 - only where torch is

    torch.manual_seed(1)
    shape = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}
    student = BertModel(BertConfig(num_hidden_layers=2, **shape))
    teacher = MPNetModel(MPNetConfig(num_hidden_layers=4, vocab_size=30_600, **shape))
    folders = []
    for name, model in (("student", student), ("teacher", teacher)):
        folder = tmp_path_factory.mktemp(name)
        model.save_pretrained(folder)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            (folder / file).write_bytes((SHIPPED / file).read_bytes())
        folders.append(folder)
    return folders[0], folders[1]


def settings(**changes: Any) -> Any:
    """A run of seconds."""
    from nlp.training.config import Config  # noqa: PLC0415

    small = Config(epochs=4, batch=16, length=48, bf16=False, encoder_rate=5e-3, head_rate=3e-2, smoothing=0.0)
    return replace(small, teacher_frozen=2, teacher_epochs=2, teacher_rate=1e-3, **changes)


def texts() -> list[data.Example]:
    """A few of the authored texts."""
    return data.read(data.AUTHORED)[::75]


def test_perturbed_copies_are_the_same_for_the_same_seed() -> None:
    """One pair for each text, most of them changed, none empty; another seed draws others."""
    examples = data.corpus().train[::10]
    pairs = perturbed(examples, 1)
    assert pairs == perturbed(examples, 1) != perturbed(examples, 2)
    assert len(pairs) == len(examples)
    assert all(text.strip() for _, text in pairs)
    assert sum(pair != e.pair for pair, e in zip(pairs, examples, strict=True)) > 0.5 * len(pairs)


def test_lower_half_stays_as_it_was(bases: tuple[Path, Path]) -> None:
    """Tuning a teacher changes its upper layers and leaves the lower ones untouched."""
    from nlp.training import teacher  # noqa: PLC0415

    before = teacher.Teacher(bases[1], 2, 0.0).encoder.layer
    after = teacher.teach(texts(), bases[1], settings()).encoder.layer
    same = [
        all(torch.equal(a, b) for a, b in zip(x.parameters(), y.parameters(), strict=True))
        for x, y in zip(before, after, strict=True)
    ]
    assert same == [True, True, False, False]


def test_saved_teacher_comes_back(bases: tuple[Path, Path], tmp_path: Path) -> None:
    """What is kept of a teacher answers as it did, text by text, whatever its neighbours."""
    from nlp.training import teacher  # noqa: PLC0415

    tuned = teacher.teach(texts(), bases[1], settings())
    teacher.save(tuned, tmp_path / "teacher.safetensors")
    again = teacher.load(tmp_path / "teacher.safetensors", bases[1], settings())
    pairs = [example.pair for example in texts()]
    first = teacher.answers(tuned, pairs, 48)
    assert np.array_equal(first, teacher.answers(again, pairs, 48))
    assert np.allclose(first[3], teacher.answers(again, [pairs[3]], 48)[0], atol=0.05)


def test_student_follows_its_teacher(bases: tuple[Path, Path]) -> None:
    """A student told only by a teacher comes to say what the teacher says, against the labels."""
    from nlp.training import tune  # noqa: PLC0415

    examples = texts()
    wrong = np.eye(4)[[(example.target + 1) % 4 for example in examples]] * 9
    config = settings(soft_share=1.0, soft_temperature=1.0, average_from=0.9)
    config = replace(config, epochs=25)
    tuned, tokenizer = tune.tune(examples, bases[0], config, soft=tune.Soft([], wrong))
    said = tune.logits(tuned, tokenizer, examples, 48).argmax(axis=1)
    assert (said == wrong.argmax(axis=1)).mean() > 0.6


def test_without_a_teacher_the_loss_is_that_of_the_labels() -> None:
    """A soft share of nothing costs what the labels alone cost; a pair without a label then costs nothing."""
    from nlp.training import tune  # noqa: PLC0415

    logits, classes = torch.tensor([[2.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]]), torch.ones(4)
    told = [tune.Lesson((None, "a"), 0, 1.0, np.ones(4)), tune.Lesson((None, "b"), None, 1.0, np.ones(4))]
    plain = [tune.Lesson((None, "a"), 0)]
    config = settings(soft_share=0.0)
    both = tune.loss(logits, told, classes, config)
    assert both[0].item() == pytest.approx(tune.loss(logits[:1], plain, classes, config).item())
    assert both[1].item() == 0
