"""What MATLAB's ONNX importer makes of a file."""
