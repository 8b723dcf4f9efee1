"""Data sets as uint8 arrays; nothing here needs torch but the loader of CIFAR-10."""
