"""The network: arrays in, arrays out. NumPy only; no files, no clock, no global random state."""
