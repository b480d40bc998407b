"""A tuned network as a folder that the product can load.

    Network -> ONNX, fp32 -> weights stored as fp16 -> tokenizer, labels, calibration, card -> SHA256SUMS

The graph computes in fp32 (or what the runtime chooses): each fp16 weight is followed by a cast.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from nlp.encoding import Encoded
from nlp.training import network as net
from nlp.training.calibrate import Calibration
from nlp.weights import CALIBRATION, CARD, LABEL_MAP, MODEL, SUMS, TOKENIZER
from records import LABELS

LARGEST = 46_000_000
"""Bytes of the ONNX file at most: the repository carries it."""
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class ExportError(Exception):
    """The exported file is not what was promised."""


def half(network: net.Network) -> net.Network:
    """The network with every weight rounded to what fp16 can hold: what is measured is what is shipped."""
    for parameter in network.parameters():
        parameter.data = parameter.data.half().float()
    return network


def export(network: net.Network, base: Path, folder: Path, name: str, calibration: Calibration) -> None:
    """Write all of the model's files but the card and the sums into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        single = Path(scratch) / "single.onnx"
        _trace(network.eval(), single)
        graph = onnx.load(single)
    _shrink(graph)
    onnx.checker.check_model(graph)
    onnx.save_model(graph, folder / MODEL)
    if (folder / MODEL).stat().st_size > LARGEST:
        raise ExportError(f"{folder / MODEL}: larger than {LARGEST} bytes")
    for file in TOKENIZER:
        shutil.copyfile(base / file, folder / file)
    for file in ("LICENSE", "NOTICE"):  # of the base weights: their licence asks for both to go with them
        if (base / file).is_file():
            shutil.copyfile(base / file, folder / file)
    settings = {
        "temperature": calibration.temperature,
        "threshold": calibration.threshold,
        "length": calibration.length,
    }
    write_json(folder / CALIBRATION, settings)
    write_json(folder / LABEL_MAP, {"name": name, "labels": list(LABELS)})


def _trace(network: net.Network, path: Path) -> None:
    batch = net.tensors([Encoded((101, 2003, 102), (0, 0, 0)), Encoded((101, 2003, 102, 2003, 102), (0, 0, 0, 1, 1))])
    free = {name: {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens", max=512)} for name in INPUTS}
    with torch.inference_mode():
        torch.onnx.export(
            network, kwargs=dict(zip(INPUTS, batch, strict=True)), f=path, dynamo=True, dynamic_shapes=free,
            input_names=list(INPUTS), output_names=["logits"], external_data=False, verbose=False,
        )  # fmt: skip


def _shrink(graph: Any) -> None:
    """Store every float weight of the graph as fp16 with a cast to fp32 behind it, in place."""
    casts = []
    for weight in graph.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or np.prod(weight.dims) < 64:
            continue
        values, name = numpy_helper.to_array(weight).astype(np.float16), weight.name
        weight.CopyFrom(numpy_helper.from_array(values, f"{name}_fp16"))
        casts.append(onnx.helper.make_node("Cast", [weight.name], [name], to=onnx.TensorProto.FLOAT))
    for at, node in enumerate(casts):
        graph.graph.node.insert(at, node)
    del graph.graph.value_info[:]
    for place in (graph, graph.graph, *graph.graph.node):  # the tracer's notes: source lines and paths
        del place.metadata_props[:]
        place.doc_string = ""


def write_json(path: Path, value: Any) -> None:
    """Indented JSON with a line's end."""
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def seal(folder: Path, card: str) -> None:
    """Write the card, then SHA256SUMS over every file of the folder."""
    (folder / CARD).write_text(card, encoding="utf-8")
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != SUMS)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="ascii")
