"""The rungs of the ladder, as README.md numbers them."""
