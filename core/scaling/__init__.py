"""The study of learning rate against batch size, over the grid engine.

sweeps.py   the search for the best rate of each batch size, as sweeps of runs in stacks
noise.py    the gradient noise scale along a training
study.py    all of it for one optimizer and activation: what `nnlab scaling` does
answer.py   what was found, as the values that a page and a terminal show
"""
