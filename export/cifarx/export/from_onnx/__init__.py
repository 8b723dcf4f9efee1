"""An ONNX file -> `LayerGraph`."""
