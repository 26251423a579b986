"""Kill a training at random moments and take it up again, many times; then compare the tables.

    python tests/faults/kill.py [--kills 100] [--runs 60]

Prints what was lost (nothing), and exits with 1 if anything was.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

SPEC = """\
name: killed
dataset: {{name: xor, n: 200}}
hidden_layer_sizes: [16]
activation: [relu, tanh]
learning_rate: [0.05, 0.1, 0.2]
batch_size: [8, 16]
steps: {steps}
seeds: {seeds}
records: 5
"""
TABLES = ("runs.csv", "curves.parquet", "layers.parquet")


@dataclass
class Tally:
    """What happened over all kills."""

    kills: int = 0
    stored_when_killed: int = 0
    lost: int = 0
    half_files: int = 0
    different_tables: int = 0
    other_endings: int = 0

    @property
    def harm(self) -> int:
        """Everything that must not happen."""
        return self.lost + self.half_files + self.different_tables + self.other_endings


DRAWING = ("-m", "nnlab.cli")
WITHOUT_DRAWING = (
    "-c",
    "import nnlab.core.study as study; study.write_report = lambda results: None\n"
    "from nnlab.cli.main import app; app()",
)
"""The same command but for the pictures, which are most of a short training's time."""


def command(spec: Path, results: Path, program: Sequence[str] = DRAWING) -> list[str]:
    """The training, with two workers."""
    return [
        sys.executable, *program, "train", str(spec), "--results", str(results), "--jobs", "2",
        "--quiet",
    ]  # fmt: skip


def stored_runs(results: Path) -> set[str]:
    """The runs that are stored and whole."""
    from nnlab.core.store import RunStore

    store = RunStore(results / ".runs")
    store.refresh()
    found = {name for name in store._where if store._read(name) is not None}
    store.close()
    return found


def read(folder: Path) -> list[pl.DataFrame]:
    """The tables of a results folder, without what may differ."""
    runs = pl.read_csv(folder / "runs.csv").drop("seconds")
    return [runs, *(pl.read_parquet(folder / name) for name in TABLES[1:])]


def same_tables(a: Path, b: Path) -> bool:
    """Whether two results folders hold equal tables."""
    return all(x.equals(y) for x, y in zip(read(a), read(b), strict=True))


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """SIGKILL the training after so long; whether it was still running."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def undisturbed(spec: Path, results: Path, program: Sequence[str] = DRAWING) -> float:
    """Train without disturbance; the seconds it took."""
    start = time.monotonic()
    subprocess.run(command(spec, results, program), check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def rounds(
    kills: int, spec: Path, place: Path, seed: int, program: Sequence[str] = DRAWING
) -> Tally:
    """Kill until `kills` is reached, starting a fresh folder whenever a grid got through."""
    chance = random.Random(seed)
    reference = place / "reference"
    span = undisturbed(spec, reference, program)
    tally, round_number = Tally(), 0
    while tally.kills < kills:
        round_number += 1
        results = place / f"round{round_number}"
        known: set[str] = set()
        while True:
            process = subprocess.Popen(command(spec, results, program), stdout=subprocess.DEVNULL)
            last = tally.kills >= kills
            killed = not last and kill_after(process, chance.uniform(0, 1.1 * span))
            code = process.wait()
            now = stored_runs(results) if (results / ".runs").is_dir() else set()
            tally.lost += len(known - now)
            known |= now
            if not killed:
                tally.other_endings += code != 0
                break
            tally.kills += 1
            tally.stored_when_killed += len(now)
            tally.half_files += unreadable(results / "killed")
        tally.different_tables += not same_tables(reference / "killed", results / "killed")
    return tally


def unreadable(folder: Path) -> int:
    """Files under their final names that cannot be read whole."""
    bad = 0
    for name in TABLES:
        path = folder / name
        if path.exists():
            try:
                pl.read_csv(path) if name.endswith("csv") else pl.read_parquet(path)
            except Exception:
                bad += 1
    return bad


def main() -> int:
    """Run the harness and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        spec = Path(place) / "killed.yaml"
        spec.write_text(SPEC.format(seeds=max(1, options.runs // 12), steps=options.steps))
        tally = rounds(options.kills, spec, Path(place), options.seed)
    print(f"kills                     {tally.kills}")
    print(
        f"runs stored when killed   {tally.stored_when_killed / max(1, tally.kills):.1f} on average"
    )
    print(f"finished runs lost        {tally.lost}")
    print(f"half-written files        {tally.half_files}")
    print(f"tables that differ        {tally.different_tables}")
    print(f"unexpected endings        {tally.other_endings}")
    return 1 if tally.harm else 0


if __name__ == "__main__":
    sys.exit(main())
