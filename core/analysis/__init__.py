"""Reading results: tidy frames in, tidy frames, intervals and verdicts out. Draws nothing."""
