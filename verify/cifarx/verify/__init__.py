"""Run the same images through every runtime and give a verdict with its reasons.

`findings` and `report` import neither torch nor onnx, onnxruntime or scipy, so that a saved report
is judged and shown quickly. Everything that computes with a network needs torch.
"""
