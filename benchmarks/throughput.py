"""Training throughput: nnlab's stacks against PyTorch's eager loop, scikit-learn, bare products.

    python benchmarks/throughput.py [--runs 64] [--repeats 7] [--json FILE]

One process, BLAS at one thread, all contenders in turn within every repeat, medians over repeats.
Before anything is timed the losses of nnlab and PyTorch after 20 steps are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, os.path.dirname(__file__))

import peers
from threadpoolctl import threadpool_limits

from nnlab.core.batches import encode
from nnlab.core.data import load_dataset, split
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Stack, make_plan, make_stacks
from nnlab.core.spec import make_spec, resolve
from nnlab.core.train import train_stack

CASES = (((64, 64), 8), ((64, 64), 32), ((128, 128), 32))
AGREE = 1e-4


def work_for(hidden: tuple[int, ...], batch: int, runs: int, steps: int) -> peers.Work:
    """`runs` ReLU nets on digits, each with a seed and so with batches of its own."""
    spec = make_spec(
        name="throughput", activation="relu", hidden_layer_sizes=list(hidden), batch_size=batch,
        steps=steps, seeds=runs, learning_rate=0.05, records=2,
    )  # fmt: skip
    dataset = load_dataset(spec.dataset, spec.loss)
    spec = resolve(spec, dataset)
    parts = split(dataset, spec.test_fraction, spec.split_seed, spec.standardize)
    plan = make_plan(spec, parts)
    recipe = plan.runs[0].recipe
    return peers.Work(Stack(recipe, plan.runs), encode(parts, recipe))


def nnlab(work: peers.Work) -> tuple[float, list[RunResult]]:
    """Seconds per step and run, training the stacks that the planner makes of these runs."""
    results: list[RunResult] = []
    stacks = make_stacks(work.stack.runs, jobs=1)
    start = perf_counter()
    for stack in stacks:
        results += train_stack(stack, work.examples, measure=False)
    seconds = perf_counter() - start
    return seconds / (len(work.stack.runs) * work.stack.recipe.steps), results


def check_agreement(hidden: tuple[int, ...], batch: int) -> float:
    """The relative difference of the loss of batch 20 between nnlab and PyTorch."""
    work = work_for(hidden, batch, runs=1, steps=20)
    from nnlab.core.train import _Training

    training = _Training(work.stack, work.examples, measure=False)
    for step in range(20):
        loss = float(training._step(step)[0])
    _, theirs = peers.torch_eager(work, runs=1, steps=20)
    return abs(loss - theirs) / abs(theirs)


def measure(hidden: tuple[int, ...], batch: int, runs: int, repeats: int) -> dict[str, Any]:
    """Medians over repeats of microseconds per step and run, and their ratios."""
    steps = 1000
    work = work_for(hidden, batch, runs, steps)
    with_torch = _have_torch()
    times: dict[str, list[float]] = {"nnlab": [], "products": [], "sklearn": []}
    if with_torch:
        times["torch"] = []
    for _ in range(repeats):
        times["nnlab"].append(nnlab(work)[0])
        times["products"].append(peers.matrix_products(work, steps))
        times["sklearn"].append(peers.sklearn_loop(work, runs=2, steps=steps))
        if with_torch:
            times["torch"].append(peers.torch_eager(work, runs=2, steps=steps)[0])
    micro = {name: statistics.median(values) * 1e6 for name, values in times.items()}
    spread = {name: (max(v) - min(v)) / statistics.median(v) for name, v in times.items()}
    row: dict[str, Any] = {
        "hidden": "x".join(map(str, hidden)), "batch": batch, "runs": runs,
        "microseconds": micro, "spread": spread,
        "times_products": micro["nnlab"] / micro["products"],
        "sklearn_ratio": micro["sklearn"] / micro["nnlab"],
    }  # fmt: skip
    if with_torch:
        row["torch_ratio"] = micro["torch"] / micro["nnlab"]
        row["disagreement"] = check_agreement(hidden, batch)
        if row["disagreement"] > AGREE:
            raise SystemExit(f"nnlab and PyTorch disagree by {row['disagreement']:.1e}: {row}")
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """The measurements as a Markdown table."""
    lines = [
        "| hidden, batch | nnlab | PyTorch eager | scikit-learn | products alone "
        "| vs PyTorch | vs scikit-learn | nnlab / products |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        us = row["microseconds"]
        torch = f"{us['torch']:.0f} µs" if "torch" in us else "not installed"
        ratio = f"{row['torch_ratio']:.1f}x" if "torch" in us else ""
        lines.append(
            f"| {row['hidden']}, {row['batch']} | {us['nnlab']:.1f} µs | {torch} | "
            f"{us['sklearn']:.0f} µs | {us['products']:.1f} µs | {ratio} | "
            f"{row['sklearn_ratio']:.1f}x | {row['times_products']:.2f} |"
        )
    return "\n".join(lines)


def _have_torch() -> bool:
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


def main() -> None:
    """Measure every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", help="also write the measurements to this file")
    options = parser.parse_args()
    with threadpool_limits(limits=1):
        rows = [measure(hidden, batch, options.runs, options.repeats) for hidden, batch in CASES]
    when = datetime.now(UTC).date().isoformat()
    print(
        f"Microseconds per step and run, {options.runs} runs, float32, BLAS at one thread; {when},"
    )
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}.\n")
    if not _have_torch():
        print('PyTorch is left out: it is not installed (pip install -e ".[bench]").\n')
    print(table(rows))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"date": when, "rows": rows}, file, indent=2)


if __name__ == "__main__":
    main()
