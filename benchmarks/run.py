"""Speed, side by side: nnlab against PyTorch, JAX, scikit-learn and what the machine allows.

    python benchmarks/run.py                    everything, about an hour
    python benchmarks/run.py --cases short      about five minutes
    python benchmarks/run.py --only "2x64 b32"  the cases whose names hold these words
    python benchmarks/run.py --avx2             everyone without AVX-512

One process at one core, BLAS at one thread (only the pool of two takes two, and the whole jobs on
all cores, in processes of their own), contenders in turn within every repeat, medians and spreads.
Cases are timed in processor time, which other programs disturb less than the clock on the wall;
whole jobs by the clock. Before a case is timed the losses of nnlab, PyTorch and JAX after 20 steps
are compared. Writes benchmark.md, benchmark.json and benchmark.png to --out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

from kernels import JAX_ONE_THREAD, TOLD, settle

os.environ["XLA_FLAGS"] = JAX_ONE_THREAD
os.environ[TOLD] = settle()

from cases import CASES, select
from chart import draw
from contenders import CONTENDERS
from growth import growth
from jobs import SCALES, measure_jobs, one_core
from measure import measure
from records import records
from tables import (
    agreement_lines,
    all_cores_cases_table,
    case_table,
    goal_table,
    growth_table,
    job_table,
    records_table,
)

from nnlab.core.environment import blas

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "XLA_FLAGS")


def machine() -> str:
    """Processor, cores, system and versions, in one sentence."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [l for l in cpuinfo.read_text().splitlines() if l.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    versions = [f"Python {platform.python_version()}"]
    for package in ("numpy", "torch", "jax", "sklearn"):
        if package in sys.modules:
            versions.append(f"{package} {sys.modules[package].__version__}")
    kernels = sorted({str(library["architecture"]) for library in blas()})
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}; {', '.join(versions)}; "
        f"NumPy's BLAS takes its kernels for {', '.join(kernels)}"
    )


def parsed() -> argparse.Namespace:
    """What to run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--cases", choices=CASES, default="full")
    parser.add_argument("--only", default="", help="words that a case's name must hold")
    parser.add_argument("--avx2", action="store_true", help="nobody takes AVX-512")
    parser.add_argument("--repeats", type=int, default=0, help="0: 7, or 3 for the short form")
    parser.add_argument(
        "--skip",
        default="",
        help="contenders, jobs, cases, all_cores, records, growth; commas between",
    )
    parser.add_argument("--out", type=Path, default=Path("build/benchmark"))
    options = parser.parse_args()
    parts = {*CONTENDERS, "jobs", "cases", "all_cores", "records", "growth"}
    if unknown := sorted(set(filter(None, options.skip.split(","))) - parts):
        parser.error(f"--skip {', '.join(unknown)}: there are {', '.join(sorted(parts))}")
    return options


def main() -> None:
    """Measure, print as it goes, write."""
    options = parsed()
    repeats = options.repeats or (3 if options.cases == "short" else 7)
    skip = set(filter(None, options.skip.split(",")))
    missing = [row for row in CONTENDERS.values() if row.missing and row.name not in skip]
    names = [n for n in CONTENDERS if n not in skip and not CONTENDERS[n].missing][1:]
    found: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(), "repeats": repeats,
        "instructions": os.environ[TOLD],
        "left_out": [f"{row.title}: {row.needs} is not installed" for row in missing],
        "cases": [], "cases_all_cores": [], "jobs": [], "all_cores": [], "records": [],
        "growth": [],
    }  # fmt: skip
    for line in found["left_out"]:
        print(f'left out: {line} (pip install -e ".[bench]")', flush=True)
    if "jobs" not in skip and not options.only:  # first: its pools want two cores
        found["jobs"] = measure_jobs(
            SCALES[options.cases], min(repeats, 5), with_jax="jax" in names
        )
        print(*job_table(found["jobs"]), sep="\n", flush=True)
        if "jax" in names and "all_cores" not in skip:
            short = ["--short"] * (options.cases == "short")
            found["all_cores"] = on_all_cores("jobs_all_cores", min(repeats, 5), *short)
    if "jax" in names and not {"cases", "all_cores"} & skip:
        chosen = ["--cases", options.cases, "--only", options.only]
        found["cases_all_cores"] = on_all_cores("cases_all_cores", min(repeats, 5), *chosen)
    with one_core():
        for case in select(options.cases, options.only) if "cases" not in skip else []:
            row = measure(case, names, repeats)
            found["cases"].append(row)
            times = ", ".join(f"{k} {v:.3g}" for k, v in row["microseconds"].items())
            print(f"{case.name}: {times} µs", flush=True)
        if "records" not in skip and not options.only:
            found["records"] = records(repeats)
        if "growth" not in skip and not options.only:
            found["growth"] = growth(repeats)
    found["machine"] = machine()
    write(found, options.out)
    print((options.out / "benchmark.md").read_text(encoding="utf-8"))


def on_all_cores(name: str, repeats: int, *options: str) -> list[dict[str, Any]]:
    """What this script finds, without the settings that keep all others to one thread."""
    ours = {name: value for name, value in os.environ.items() if name not in ONE_THREAD}
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "found.json"
        script = Path(__file__).with_name(f"{name}.py")
        command = [sys.executable, str(script), "--repeats", str(repeats), "--json", str(file)]
        avx2 = ["--avx2"] * ("--avx2" in sys.argv)
        subprocess.run([*command, *options, *avx2], env=ours, check=True)
        found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def all_cores_table(jobs: Sequence[dict[str, Any]]) -> list[str]:
    """The jobs on all cores, below a line that says so."""
    return ["All cores:", "", *job_table(jobs)]


def write(found: dict[str, Any], folder: Path) -> None:
    """The three files."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        f"Measured on {found['date']}: {found['machine']}. Microseconds a step and run, medians of "
        f"{found['repeats']} turns, float32, one core; in brackets the time as a multiple of "
        f"nnlab's. {found['instructions']}", "",
        *(f"Left out: {line}." for line in found["left_out"]), "",
    ]  # fmt: skip
    for rows, table in (
        (found["cases"], case_table), (found["cases"], agreement_lines),
        (found["cases"], goal_table), (found["jobs"], job_table),
        (found["cases_all_cores"], all_cores_cases_table),
        (found["all_cores"], all_cores_table), (found["records"], records_table),
        (found["growth"], growth_table),
    ):  # fmt: skip
        if rows:
            lines += [*table(rows), ""]
    (folder / "benchmark.md").write_text("\n".join(lines), encoding="utf-8")
    (folder / "benchmark.json").write_text(json.dumps(found, indent=2), encoding="utf-8")
    draw(found, folder / "benchmark.png")


if __name__ == "__main__":
    main()
