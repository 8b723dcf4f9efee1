"""The rungs, as README.md numbers them."""
