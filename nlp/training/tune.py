"""Fine-tuning, reproducible on one machine: same seed, same threads, same weights.

Example, ... -> pairs -> batches of like length -> AdamW -> averaged weights -> Network
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nlp.encoding import Encoded, encode
from nlp.training import network as net
from nlp.training.config import Config
from nlp.training.data import Example
from records import LABELS

Say = Callable[[str], None]


def tune(examples: Sequence[Example], base: Path, config: Config, say: Say = lambda _: None) -> tuple[net.Network, Any]:
    """A network fine-tuned on `examples` from the weights in `base`, in evaluation mode, and its tokenizer."""
    _settle(config)
    network, tokenizer = net.from_base(base, config.dropout)
    steps = config.epochs * -(-len(examples) // config.batch)
    optimiser = torch.optim.AdamW(_groups(network, config), weight_decay=config.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps, config.warmup))
    loss = torch.nn.CrossEntropyLoss(
        class_weights(examples, config), reduction="none", label_smoothing=config.smoothing
    )
    average = torch.optim.swa_utils.AveragedModel(network)
    step, started = 0, time.monotonic()
    for epoch in range(config.epochs):
        total = 0.0
        for batch, encoded in batches(examples, tokenizer, config, epoch):
            total += _step(network, loss, batch, encoded, config)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            step += 1
            if step > config.average_from * steps:
                average.update_parameters(network)
        say(f"epoch {epoch + 1}/{config.epochs}: loss {total / len(examples):.4f}, {time.monotonic() - started:.0f} s")
    return average.module.eval(), tokenizer


def _settle(config: Config) -> None:
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    torch.use_deterministic_algorithms(True)


def _rate(step: int, steps: int, warmup: float) -> float:
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
        shown[example.target] += weights[example.target] * _worth(example, config)
    none = float(shown[LABELS.index("none")] / shown.sum())
    gain = torch.full((len(LABELS),), math.log((1 - config.none_share) / (1 - none)))
    gain[LABELS.index("none")] = math.log(config.none_share / none)
    with torch.no_grad():
        network.head.bias += gain


def _worth(example: Example, config: Config) -> float:
    return config.low_weight if example.confidence == "low" else 1.0


def batches(
    examples: Sequence[Example], tokenizer: Any, config: Config, epoch: int
) -> Iterator[tuple[list[Example], list[Encoded]]]:
    """Batches of like length in a shuffled order, the same for the same seed and epoch."""
    rng = random.Random(f"{config.seed} {epoch}")  # noqa: S311 - shuffling, not a secret
    pairs = [(None if rng.random() < config.drop_context else e.context, e.text) for e in examples]
    encoded = encode(tokenizer, pairs, config.length)
    order = sorted(range(len(examples)), key=lambda i: len(encoded[i].ids) + rng.uniform(-8, 8))
    chunks = [order[at : at + config.batch] for at in range(0, len(order), config.batch)]
    rng.shuffle(chunks)
    for chunk in chunks:
        yield [examples[i] for i in chunk], [encoded[i] for i in chunk]


def _step(network: net.Network, loss: Any, batch: list[Example], encoded: list[Encoded], config: Config) -> float:
    network.train()
    weights = torch.tensor([_worth(example, config) for example in batch])
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.bf16):
        logits = network(*net.tensors(encoded))
    losses = loss(logits, torch.tensor([example.target for example in batch])) * weights
    losses.mean().backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    return float(losses.detach().sum())


def logits(network: net.Network, tokenizer: Any, examples: Sequence[Example], length: int) -> np.ndarray[Any, Any]:
    """fp32 logits of each example, (n, 4), in the order given."""
    encoded = encode(tokenizer, [example.pair for example in examples], length)
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].ids))
    out = np.zeros((len(examples), len(LABELS)), dtype=np.float64)
    with torch.inference_mode():
        for at in range(0, len(order), 32):
            chunk = order[at : at + 32]
            out[chunk] = network(*net.tensors([encoded[i] for i in chunk])).numpy()
    return out
