"""Showing it: frames in, pictures and pages out; computes nothing."""
