"""Tests of nnlab."""
