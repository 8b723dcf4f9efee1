"""`cifarx reproduce`: train published results again and compare with their claims."""
