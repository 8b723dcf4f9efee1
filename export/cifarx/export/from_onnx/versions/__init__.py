"""Old versions of ONNX, said as a later one says it."""
