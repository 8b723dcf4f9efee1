"""`cifarx reproduce`: the rows of the write-ups, measured."""
