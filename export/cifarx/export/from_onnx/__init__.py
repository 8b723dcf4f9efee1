"""Read an ONNX file as a `LayerGraph`."""
