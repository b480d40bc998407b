"""Teaches the stance model: data -> fine-tuned encoder -> one ONNX file with its card. Needs the `train` extra."""
