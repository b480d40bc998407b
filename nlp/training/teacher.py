"""The teacher: mpnet-base, whose answers the student is shown beside the labels (Hinton et al. 2015).

    base weights (checked) -> lower half, once per text -> upper half, tuned -> logits

Its lower layers stay as they are, so what they make of a text is computed once and kept: half the cost of tuning.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from nlp.encoding import Encoded, Frame, Pair, encode
from nlp.training import network as net
from nlp.training.config import Config
from nlp.training.data import Example
from nlp.training.tune import class_weights, rate, worth
from records import LABELS

PADDING = 1
FRAME = Frame(((0,), (2,)), ((0,), (2,), (2,)), 0)
"""Of a text and of a pair in mpnet's tokens: <s>, </s>; one </s> between the two is enough for it to learn."""
CHUNK = 32
Array = np.ndarray[Any, Any]
Say = Callable[[str], None]


class Teacher(torch.nn.Module):  # type: ignore[misc]
    """mpnet in two halves, cut below layer `cut`, with a linear map from the mean token vector to four logits."""

    def __init__(self, folder: Path, cut: int, dropout: float) -> None:
        super().__init__()
        encoder = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, add_pooling_layer=False
        )
        self.cut = cut
        self.embeddings, self.encoder = encoder.embeddings, encoder.encoder
        self.dropout = torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(encoder.config.hidden_size, len(LABELS))
        self.tokenizer = net.tokenizer(folder)

    def lower(self, ids: Any, mask: Any) -> Any:
        """What the fixed half makes of (batch, tokens) ids: (batch, tokens, width)."""
        return self._through(self.embeddings(input_ids=ids), mask, 0, self.cut)

    def forward(self, states: Any, mask: Any) -> Any:
        """Logits (batch, 4), fp32, of the lower half's states."""
        states = self._through(states, mask, self.cut, len(self.encoder.layer)).float()
        weight = mask.unsqueeze(-1).to(states.dtype)
        return self.head(self.dropout((states * weight).sum(1) / weight.sum(1))).float()

    def _through(self, states: Any, mask: Any, first: int, last: int) -> Any:
        position = self.encoder.compute_position_bias(states).detach()
        hidden = (1.0 - mask[:, None, None, :].float()) * -1e9
        for layer in self.encoder.layer[first:last]:
            states = layer(states, hidden, position)[0]
        return states

    def learning(self) -> list[Any]:
        """The layers that are tuned, lowest first."""
        return list(self.encoder.layer[self.cut :])


def teach(examples: Sequence[Example], base: Path, config: Config, say: Say = lambda _: None) -> Teacher:
    """A teacher tuned on `examples` from the mpnet weights in `base`."""
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    teacher = Teacher(base, config.teacher_frozen, config.dropout)
    states = _states(teacher, [example.pair for example in examples], config.length)
    say(f"teacher: {len(examples)} texts through the fixed half")
    steps = config.teacher_epochs * -(-len(examples) // config.teacher_batch)
    optimiser = torch.optim.AdamW(_groups(teacher, config), weight_decay=config.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step, steps, config.warmup))
    loss = torch.nn.CrossEntropyLoss(
        class_weights(examples, config), reduction="none", label_smoothing=config.smoothing
    )
    average, step, started = torch.optim.swa_utils.AveragedModel(teacher), 0, time.monotonic()
    for epoch in range(config.teacher_epochs):
        total = 0.0
        for rows in _batches(states, config, epoch):
            total += _step(teacher, loss, [states[row] for row in rows], [examples[row] for row in rows], config)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            step += 1
            if step > config.average_from * steps and step % 4 == 0:
                average.update_parameters(teacher)
        spent = time.monotonic() - started
        say(f"teacher, epoch {epoch + 1}/{config.teacher_epochs}: loss {total / len(examples):.4f}, {spent:.0f} s")
    taught: Teacher = average.module.eval()
    return taught


def answers(teacher: Teacher, pairs: Sequence[Pair], length: int) -> Array:
    """The teacher's logits for each pair, (n, 4)."""
    encoded = encode(teacher.tokenizer, pairs, length, FRAME)
    found = np.zeros((len(pairs), len(LABELS)))
    for rows, ids, mask in _chunks(encoded):
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            found[rows] = teacher(teacher.lower(ids, mask), mask).numpy()
    return found


def save(teacher: Teacher, path: Path) -> None:
    """Write what tuning changed: the upper layers and the head."""
    kept = {f"layer.{i}.{k}": v for i, part in enumerate(teacher.learning()) for k, v in part.state_dict().items()}
    kept |= {f"head.{key}": value for key, value in teacher.head.state_dict().items()}
    save_file({key: value.contiguous() for key, value in kept.items()}, path)


def load(path: Path, base: Path, config: Config) -> Teacher:
    """The teacher that `save` wrote, over the mpnet weights in `base`, in evaluation mode."""
    teacher, kept = Teacher(base, config.teacher_frozen, config.dropout), load_file(path)
    for name, part in [*((f"layer.{i}.", part) for i, part in enumerate(teacher.learning())), ("head.", teacher.head)]:
        part.load_state_dict({k.removeprefix(name): v for k, v in kept.items() if k.startswith(name)})
    teacher.eval()
    return teacher


def _states(teacher: Teacher, pairs: Sequence[Pair], length: int) -> list[torch.Tensor]:
    """The fixed half's states of each pair, (its tokens, width), bf16."""
    teacher.eval()
    found: dict[int, torch.Tensor] = {}
    for rows, ids, mask in _chunks(encode(teacher.tokenizer, pairs, length, FRAME)):
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            states = teacher.lower(ids, mask).bfloat16()
        found |= {row: states[at, : int(mask[at].sum())].clone() for at, row in enumerate(rows)}
    return [found[row] for row in range(len(pairs))]


def _chunks(encoded: Sequence[Encoded]) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor]]:
    order = sorted(range(len(encoded)), key=lambda row: len(encoded[row].ids))
    for at in range(0, len(order), CHUNK):
        rows = order[at : at + CHUNK]
        ids, mask, _ = net.tensors([encoded[row] for row in rows], PADDING)
        yield rows, ids, mask


def _batches(states: Sequence[torch.Tensor], config: Config, epoch: int) -> Iterator[list[int]]:
    rng = random.Random(f"{config.seed} {epoch}")  # noqa: S311 - shuffling, not a secret
    order = sorted(range(len(states)), key=lambda row: len(states[row]) + rng.uniform(-8, 8))
    chunks = [order[at : at + config.teacher_batch] for at in range(0, len(order), config.teacher_batch)]
    rng.shuffle(chunks)
    yield from chunks


def _groups(teacher: Teacher, config: Config) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = [{"params": list(teacher.head.parameters()), "lr": config.head_rate}]
    for depth, layer in enumerate(reversed(teacher.learning())):
        groups.append({"params": list(layer.parameters()), "lr": config.teacher_rate * config.layer_decay**depth})
    return groups


def _step(
    teacher: Teacher, loss: Any, states: Sequence[torch.Tensor], batch: Sequence[Example], config: Config
) -> float:
    teacher.train()
    padded = torch.nn.utils.rnn.pad_sequence([one.float() for one in states], batch_first=True)
    mask = torch.tensor([[float(at < len(one)) for at in range(padded.shape[1])] for one in states])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = teacher(padded, mask)
    weights = torch.tensor([worth(example, config) for example in batch])
    losses = loss(logits, torch.tensor([example.target for example in batch])) * weights
    losses.mean().backward()
    torch.nn.utils.clip_grad_norm_(
        [p for layer in (*teacher.learning(), teacher.head) for p in layer.parameters()], 1.0
    )
    return float(losses.detach().sum())
