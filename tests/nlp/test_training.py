"""Training end to end on a handful of texts with a tiny encoder, and the file it leaves against the original."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp import encoding, stance
from nlp.evaluation import baseline, measure
from nlp.training import data

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("sklearn", reason="needs the train extra")
pytest.importorskip("onnxscript", reason="needs the train extra")
pytestmark = pytest.mark.slow

SHIPPED = Path(encoding.__file__).parent / "models" / "stance-minilm"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of the base weights, with a tiny random encoder in it."""
    from transformers import BertConfig, BertModel  # noqa: PLC0415 - only where torch is

    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(1)
    shape = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    BertModel(shape).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((SHIPPED / name).read_bytes())
    return folder


def settings() -> Any:
    """A run of seconds."""
    from nlp.training.config import Config  # noqa: PLC0415

    return Config(epochs=2, batch=16, length=48, bf16=False, encoder_rate=1e-3)


def texts() -> list[data.Example]:
    """A few of the authored texts."""
    return data.read(data.AUTHORED)[::25]


def test_same_seed_same_weights(base: Path) -> None:
    """A run repeated gives the very same answers; another seed gives others."""
    from nlp.training import tune  # noqa: PLC0415

    def answers(seed: int) -> Any:
        network, tokenizer = tune.tune(texts(), base, replace(settings(), seed=seed))
        return tune.logits(network, tokenizer, texts()[:20], 48)

    assert np.array_equal(answers(1), answers(1))
    assert not np.array_equal(answers(1), answers(2))


def test_learns_what_it_is_shown(base: Path) -> None:
    """Shown a few texts often, a fresh network's loss falls well below that of guessing."""
    from nlp.training import tune  # noqa: PLC0415

    told: list[str] = []
    tune.tune(
        texts()[:40],
        base,
        replace(settings(), epochs=30, batch=8, smoothing=0.0, encoder_rate=5e-3, head_rate=3e-2),
        told.append,
    )
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in told]
    assert len(losses) == 30
    assert losses[-1] < 0.8 * losses[0]


def test_tilt_moves_the_share_of_none(base: Path) -> None:
    """A network that gives each label the share it was shown gives `none` the expected share once tilted."""
    from nlp.training import network, tune  # noqa: PLC0415

    examples = [data.Example(str(i), "news", None, "x", "none" if i < 30 else "skeptic", "") for i in range(100)]
    net, _ = network.from_base(base, 0.0)
    flat = replace(settings(), class_power=0.0, none_share=0.6)
    with torch.no_grad():
        net.head.bias.copy_(torch.log(torch.tensor([1e-9, 1e-9, 0.7, 0.3])))
    tune.tilt(net, examples, flat)
    assert torch.softmax(net.head.bias, 0).tolist() == pytest.approx([0, 0, 0.4, 0.6], abs=1e-6)


def test_saved_network_comes_back(base: Path, tmp_path: Path) -> None:
    """Weights written and read again answer as before."""
    from nlp.training import network, tune  # noqa: PLC0415

    tuned, tokenizer = tune.tune(texts()[:32], base, settings())
    network.save(tuned, tmp_path)
    before, after = (tune.logits(net, tokenizer, texts()[:8], 48) for net in (tuned, network.load(tmp_path)))
    assert np.array_equal(before, after)


def test_exported_folder_answers_as_the_original(base: Path, tmp_path: Path) -> None:
    """The product, loading the folder that training wrote, gives the probabilities of the fp32 network."""
    from nlp.training import calibrate, export, tune  # noqa: PLC0415

    tuned, tokenizer = tune.tune(texts(), base, settings())
    export.half(tuned)
    export.export(tuned, base, tmp_path, "tiny", calibrate.Calibration(1.3, 0.4, 48))
    export.seal(tmp_path, "# Tiny\n\n> Measured on nothing.\n")
    expected = measure.softmax(tune.logits(tuned, tokenizer, texts(), 48), 1.3)
    answers = np.array([label.probabilities for label in stance.load(tmp_path).label([e.pair for e in texts()])])
    assert np.abs(answers - expected).max() <= 0.02


def test_a_delivered_folder_has_its_baseline(base: Path, tmp_path: Path) -> None:
    """A run leaves, sealed with the model, a bag of words taught on the same texts, and its card tells its figures."""
    from nlp.training import train, tune  # noqa: PLC0415

    run = train.Run(settings(), base, data.Corpus(tuple(texts()[::2]), tuple(texts()[1::2])), held_out=True)
    tuned, tokenizer = tune.tune(run.corpus.train, base, run.config)
    done = train.deliver(run, tuned, tokenizer, tmp_path)
    bag = baseline.load(tmp_path)
    assert bag is not None
    assert bag.taught == len(run.corpus.train)
    scores = measure.scores(bag.answers(run.corpus.dev), measure.targets_of(run.corpus.dev))
    assert done.metrics["baseline"] == scores


def test_foreign_base_is_refused(base: Path, tmp_path: Path) -> None:
    """Weights that are not the published ones are not trained on, nor are missing ones."""
    from nlp.training import network  # noqa: PLC0415
    from nlp.training.train import train  # noqa: PLC0415

    with pytest.raises(network.BaseError, match="sha256"):
        train(None, tmp_path / "out", base=base)
    with pytest.raises(network.BaseError, match="no base weights"):
        train(None, tmp_path / "out", base=tmp_path)
    assert not (tmp_path / "out").exists()
