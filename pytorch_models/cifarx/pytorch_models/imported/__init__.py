"""Networks that were read from a file: their plan, the module that it describes, and its source."""
