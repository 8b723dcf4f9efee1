"""The subject of a check: files, run and images."""
