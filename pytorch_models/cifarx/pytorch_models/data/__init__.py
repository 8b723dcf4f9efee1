"""Data sets as uint8 arrays; only the torchvision sets need torch, when they are opened."""
