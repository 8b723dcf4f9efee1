"""`LayerGraph` -> model.onnx."""
