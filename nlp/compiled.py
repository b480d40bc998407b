"""Our own model's network: one ONNX file, run by OpenVINO.

model.onnx -> compiled for this machine -> (ids, mask, types) -> logits
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Compiled:
    """A network compiled in `precision` ("bf16" or "f32"; None: what serves this machine best)."""

    def __init__(self, model: Path, precision: str | None = None) -> None:
        # openvino reports its import to its maker unless this package is absent; without it, it uses its own stub
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
        import openvino  # noqa: PLC0415

        core = openvino.Core()
        able = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        kind = precision or ("bf16" if able else "f32")
        hints = {"INFERENCE_PRECISION_HINT": kind, "PERFORMANCE_HINT": "LATENCY"}
        self._request = core.compile_model(core.read_model(model), "CPU", hints).create_infer_request()

    def __call__(self, ids: Array, mask: Array, types: Array) -> Array:
        """Logits of a batch, (n, outputs) float64; the inputs are int64, (n, tokens)."""
        self._request.infer({"input_ids": ids, "attention_mask": mask, "token_type_ids": types})
        return np.array(self._request.get_output_tensor(0).data, dtype=np.float64)
