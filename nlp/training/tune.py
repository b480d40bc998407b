"""Fine-tuning, reproducible on one machine: same seed, same threads, same weights.

Example, ... -> lessons -> batches of like length -> AdamW -> averaged weights -> Network
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nlp.encoding import Encoded, Pair, encode
from nlp.training import network as net
from nlp.training.config import Config
from nlp.training.data import Example
from records import LABELS

Array = np.ndarray[Any, Any]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Soft:
    """A teacher's logits: those of the examples, in order, then those of `pairs`, which nobody labelled; (n, 4)."""

    pairs: Sequence[Pair]
    logits: Array


@dataclass(frozen=True, slots=True)
class Lesson:
    """One pair to learn from: by its label (`target`, None where it has none), by a teacher's logits, or both."""

    pair: Pair
    target: int | None
    weight: float = 1.0
    soft: Array | None = None


def tune(
    examples: Sequence[Example], base: Path, config: Config, say: Say = lambda _: None, soft: Soft | None = None
) -> tuple[net.Network, Any]:
    """A network fine-tuned on `examples` from the weights in `base`, in evaluation mode, and its tokenizer.

    With `soft`, a share of the loss is the distance to a teacher's answers (Hinton et al. 2015).
    """
    _settle(config)
    network, tokenizer = net.from_base(base, config.dropout)
    taught = lessons(examples, config, soft)
    steps = config.epochs * -(-len(taught) // config.batch)
    optimiser = torch.optim.AdamW(_groups(network, config), weight_decay=config.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step, steps, config.warmup))
    classes = class_weights(examples, config)
    average = torch.optim.swa_utils.AveragedModel(network)
    step, started = 0, time.monotonic()
    for epoch in range(config.epochs):
        total = 0.0
        for batch, encoded in batches(taught, tokenizer, config, epoch):
            total += _step(network, classes, batch, encoded, config)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            step += 1
            if step > config.average_from * steps:
                average.update_parameters(network)
        say(f"epoch {epoch + 1}/{config.epochs}: loss {total / len(taught):.4f}, {time.monotonic() - started:.0f} s")
    return average.module.eval(), tokenizer


def lessons(examples: Sequence[Example], config: Config, soft: Soft | None = None) -> list[Lesson]:
    """What is learned from: the examples, and behind them the pairs that only a teacher has answered."""
    if soft is None:
        return [Lesson(example.pair, example.target, worth(example, config)) for example in examples]
    named = [Lesson(e.pair, e.target, worth(e, config), row) for e, row in zip(examples, soft.logits, strict=False)]
    return [*named, *(Lesson(p, None, 1.0, row) for p, row in zip(soft.pairs, soft.logits[len(named) :], strict=True))]


def _settle(config: Config) -> None:
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    torch.use_deterministic_algorithms(True)


def rate(step: int, steps: int, warmup: float) -> float:
    """Linear warm-up, then linear decay to nothing."""
    rising = max(1, round(warmup * steps))
    return (step + 1) / rising if step < rising else max(0.0, (steps - step) / max(1, steps - rising))


def _groups(network: net.Network, config: Config) -> list[dict[str, Any]]:
    """Parameters with their rates: the head fastest, lower layers slower, word vectors fixed."""
    network.encoder.embeddings.requires_grad_(False)
    layers = list(network.encoder.encoder.layer)
    groups: list[dict[str, Any]] = [{"params": list(network.head.parameters()), "lr": config.head_rate}]
    for depth, layer in enumerate(reversed(layers)):
        groups.append({"params": list(layer.parameters()), "lr": config.encoder_rate * config.layer_decay**depth})
    return groups


def class_weights(examples: Sequence[Example], config: Config) -> torch.Tensor:
    """One factor per label, rarer labels heavier, with mean one over the examples."""
    counts = Counter(example.target for example in examples)
    raw = np.array([(1 / max(counts[i], 1)) ** config.class_power for i in range(len(LABELS))])
    mean = sum(raw[i] * counts[i] for i in range(len(LABELS))) / len(examples)
    return torch.tensor(raw / mean, dtype=torch.float32)


def tilt(network: net.Network, examples: Sequence[Example], config: Config) -> None:
    """Move the head's bias from the share of `none` that training showed to `config.none_share`, in place.

    Logit adjustment for a known prior (Saerens et al. 2002): each side gains the logarithm of its share's change.
    """
    weights = class_weights(examples, config).double()
    shown = torch.zeros(len(LABELS), dtype=torch.float64)
    for example in examples:
        shown[example.target] += weights[example.target] * worth(example, config)
    none = float(shown[LABELS.index("none")] / shown.sum())
    gain = torch.full((len(LABELS),), math.log((1 - config.none_share) / (1 - none)))
    gain[LABELS.index("none")] = math.log(config.none_share / none)
    move(network, gain)


def move(network: net.Network, gain: Any) -> None:
    """Add constants (4,) to the logits, in place."""
    with torch.no_grad():
        network.head.bias += torch.as_tensor(gain, dtype=torch.float32)


def worth(example: Example, config: Config) -> float:
    """Weight of an example in the loss."""
    further = 1.0 if example.source == "authored" else config.further_weight
    return further * (config.low_weight if example.confidence == "low" else 1.0)


def batches(
    taught: Sequence[Lesson], tokenizer: Any, config: Config, epoch: int
) -> Iterator[tuple[list[Lesson], list[Encoded]]]:
    """Batches of like length in a shuffled order, the same for the same seed and epoch.

    Contexts are left out of some pairs, but not where a teacher has answered the pair as it stands.
    """
    rng = random.Random(f"{config.seed} {epoch}")  # noqa: S311 - shuffling, not a secret
    drop = [rng.random() < config.drop_context and lesson.soft is None for lesson in taught]
    encoded = encode(
        tokenizer,
        [(None if d else one.pair[0], one.pair[1]) for d, one in zip(drop, taught, strict=True)],
        config.length,
    )
    order = sorted(range(len(taught)), key=lambda i: len(encoded[i].ids) + rng.uniform(-8, 8))
    chunks = [order[at : at + config.batch] for at in range(0, len(order), config.batch)]
    rng.shuffle(chunks)
    for chunk in chunks:
        yield [taught[i] for i in chunk], [encoded[i] for i in chunk]


def _step(network: net.Network, classes: Any, batch: list[Lesson], encoded: list[Encoded], config: Config) -> float:
    network.train()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.bf16):
        logits = network(*net.tensors(encoded))
    losses = loss(logits, batch, classes, config)
    losses.mean().backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    return float(losses.detach().sum())


def loss(logits: Any, batch: Sequence[Lesson], classes: Any, config: Config) -> Any:
    """Loss of each lesson, (n,): cross-entropy to its label, and to its teacher's softened answer where it has one."""
    targets = torch.tensor([-1 if lesson.target is None else lesson.target for lesson in batch])
    hard = torch.nn.functional.cross_entropy(
        logits, targets, classes, reduction="none", label_smoothing=config.smoothing, ignore_index=-1
    )
    weights = torch.tensor([lesson.weight for lesson in batch])
    told = [lesson.soft for lesson in batch if lesson.soft is not None]
    if not told:
        return hard * weights
    heat = config.soft_temperature
    wanted = torch.softmax(torch.tensor(np.array(told), dtype=torch.float32) / heat, dim=1)
    given = torch.log_softmax(logits / heat, dim=1)
    soft = torch.nn.functional.kl_div(given, wanted, reduction="none").sum(1) * heat**2
    return ((1 - config.soft_share) * hard + config.soft_share * soft) * weights


def logits(network: net.Network, tokenizer: Any, examples: Sequence[Example], length: int) -> Array:
    """fp32 logits of each example, (n, 4), in the order given."""
    encoded = encode(tokenizer, [example.pair for example in examples], length)
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].ids))
    out = np.zeros((len(examples), len(LABELS)), dtype=np.float64)
    with torch.inference_mode():
        for at in range(0, len(order), 32):
            chunk = order[at : at + 32]
            out[chunk] = network(*net.tensors([encoded[i] for i in chunk])).numpy()
    return out
