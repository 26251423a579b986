"""A release as a stranger gets it: built, installed into empty environments, run elsewhere."""
