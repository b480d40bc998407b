"""Every number that shapes a training run, in one place."""

from __future__ import annotations

from dataclasses import dataclass

BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of all-MiniLM-L6-v2's `model.safetensors`, as its authors published it."""

TEACHER_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
"""Of all-mpnet-base-v2's `model.safetensors`, as its authors published it."""


@dataclass(frozen=True, slots=True)
class Config:
    """One fine-tuning run. Lengths are tokens, rates are per step, weights are factors on the loss."""

    seed: int = 20261123
    length: int = 128  # of the pair, special tokens included
    epochs: int = 6
    batch: int = 32
    encoder_rate: float = 8e-5
    head_rate: float = 1e-3
    layer_decay: float = 0.9  # each layer below the top learns this much slower
    warmup: float = 0.1  # share of all steps
    weight_decay: float = 0.01
    dropout: float = 0.1
    smoothing: float = 0.05
    class_power: float = 0.3  # class weight = (1 / frequency) ** power; 0 weighs every example alike
    low_weight: float = 0.3  # of an example whose label its annotator called a coin toss
    further_weight: float = 1.0  # of an example that was not written for this project
    drop_context: float = 0.1  # share of pairs shown without their context, anew in each epoch
    average_from: float = 0.5  # weights are averaged over the steps after this share of the run
    none_share: float = 2 / 3  # of the items the model will meet, where no real texts tell it
    teacher_frozen: int = 6  # of its twelve layers, from below
    teacher_epochs: int = 3
    teacher_batch: int = 16
    teacher_rate: float = 4e-5
    soft_share: float = 0.7  # of the student's loss, taken by the teacher's answers
    soft_temperature: float = 2.0  # divides both sides' logits: softer answers tell more
    bf16: bool = True  # autocast; agrees with fp32 well enough to train, and is 1.5 times as fast with AVX512-BF16
    threads: int = 2


PERTURBED = "JKLMNOP"
"""Authors whose texts are perturbed for the teacher, besides the further texts: those who write as people do."""
