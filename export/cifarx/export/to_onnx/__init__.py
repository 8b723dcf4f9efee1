"""Write a `LayerGraph` as model.onnx."""
