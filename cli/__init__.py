"""The command line of nnlab: one module a command; parse, one call into core, show."""
