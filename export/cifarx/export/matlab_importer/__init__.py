"""Predict what MATLAB's ONNX importer makes of a file, from public records."""
