"""Plain records of what a check found; they import neither torch, onnx, onnxruntime nor scipy."""
