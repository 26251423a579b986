"""The study of learning rate against batch size as a plain loop of single PyTorch runs.

    python benchmarks/scaling_torch.py [--seeds 5]

The search of `nnlab scaling` is run from nothing, on one core, and timed. Then a step and a look at
the training loss are timed with PyTorch's eager loop, at each batch size, on the same net and data.
From the steps and looks that every run of the search took follows what all of them would have cost
there, one after the other. Seconds are of the processor in both.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from nnlab.configs import shipped
from nnlab.core.listener import Listener
from nnlab.core.outcome import RunResult
from nnlab.core.probes import target_steps
from nnlab.core.scaling.sweeps import Sweep, protocol_for, run_sweeps, usual_rates
from nnlab.core.settings import Settings
from nnlab.core.spec import parse_spec
from nnlab.core.study import Study, prepare

STEPS_TIMED = 300
LOOKS_TIMED = 50


def steps_made(result: RunResult) -> int:
    """How many updates a run made before it ended."""
    outcome = result.outcome
    ended = outcome["diverged_at"] or outcome["steps_to_target"] or result.run.recipe.steps
    return int(np.ceil(float(ended)))


def torch_seconds(study: Study, batch_size: int) -> tuple[float, float]:
    """Processor seconds of one step, and of one look at the training loss, at a batch size."""
    split = study.plan.split
    x = torch.tensor(split.X_train, dtype=torch.float32)
    y = torch.tensor(split.y_train)
    sizes = study.plan.runs[0].recipe.layer_sizes
    layers: list[torch.nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    loss_of = torch.nn.CrossEntropyLoss()

    def step(rows: torch.Tensor) -> None:
        loss = loss_of(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def look() -> float:
        with torch.no_grad():
            return float(loss_of(net(x), y))

    order = torch.randperm(len(x))
    batches = [order[i : i + batch_size] for i in range(0, len(x) - batch_size + 1, batch_size)]
    for rows in batches[:3]:
        step(rows)
    look()
    start = time.process_time()
    for i in range(STEPS_TIMED):
        step(batches[i % len(batches)])
    middle = time.process_time()
    for _ in range(LOOKS_TIMED):
        look()
    return (middle - start) / STEPS_TIMED, (time.process_time() - middle) / LOOKS_TIMED


def main() -> None:
    """Time both and say what the whole would have cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(parser.parse_args().seeds)
    torch.set_num_threads(1)
    path = shipped()["batch_scaling"]
    spec = parse_spec(path.read_bytes(), "batch_scaling")
    batches = [int(batch) for batch in spec.batch_size]
    sweep = Sweep("sgd", "relu")
    with tempfile.TemporaryDirectory() as folder:
        study = prepare(spec, Settings(results=Path(folder), jobs=1))
        asked = {"it": (sweep, protocol_for(study, sweep, batches, usual_rates("sgd"), seeds))}
        start, used = time.perf_counter(), time.process_time()
        swept = run_sweeps(study, asked, lambda name: nullcontext(Listener()))
        wall, cpu = time.perf_counter() - start, time.process_time() - used
    print(f"{platform.processor() or platform.machine()}, one core, torch {torch.__version__}")
    print(f"nnlab: {len(swept.results)} runs in {wall:.1f} s ({cpu:.1f} s of the processor)")
    total = 0.0
    for batch in batches:
        a_step, a_look = torch_seconds(study, batch)
        own = [result for result in swept.results if result.run.recipe.batch_size == batch]
        seconds = 0.0
        for result in own:
            made = steps_made(result)
            looks = sum(1 for at in target_steps(result.run.recipe) if at <= made)
            seconds += made * a_step + looks * a_look
        total += seconds
        print(
            f"  batch {batch:>3}: PyTorch {1e6 * a_step:.0f} us a step, {1e6 * a_look:.0f} us a "
            f"look; its {len(own)} runs would take {seconds:.1f} s"
        )
    print(f"the whole as a loop of single PyTorch runs: {total:.0f} s, {total / cpu:.1f} times")


if __name__ == "__main__":
    main()
