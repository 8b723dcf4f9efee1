"""One adapter per runtime."""
