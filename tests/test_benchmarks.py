"""The benchmarks can be begun: every module loads, every case and whole job is a valid spec.

They take an hour of a quiet machine and are run by hand: they should not fail at their start.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.machine  # each a Python of its own

FOLDER = Path(__file__).parents[1] / "benchmarks"


def said(code: str) -> str:
    """What a Python of its own prints that stands in the folder of the benchmarks."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER, env={**os.environ, "PYTHONPATH": str(FOLDER)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_not_there_cannot_be_skipped() -> None:
    done = subprocess.run(
        [sys.executable, "run.py", "--skip", "jobs,eagre"], cwd=FOLDER,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--skip eagre: there are all_cores, bandwidth, cases, eager, " in done.stderr


def test_all_cores_without_jax_says_what_brings_it() -> None:
    code = "import sys; sys.modules['jax'] = None; import jobs_all_cores; jobs_all_cores.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert 'JAX is not installed; pip install -e ".[bench]" brings it' in done.stderr


def test_every_module_loads_without_the_extra() -> None:
    """PyTorch and JAX are loaded where they are used: without them the others are measured."""
    alone = {"scaling_torch"}  # PyTorch's side of a comparison by hand
    modules = sorted({path.stem for path in FOLDER.glob("*.py")} - alone)
    block = "import sys; sys.modules.update(torch=None, jax=None)\n"
    assert said(block + "\n".join(f"import {name}" for name in modules)) == ""


def test_every_case_is_a_spec_that_is_valid() -> None:
    code = (
        "from cases import CASES; from work import work_for\n"
        "for case in dict.fromkeys(CASES['short'] + CASES['full']):\n"
        "    print(case.name, len(work_for(case).stack.runs) == case.runs)"
    )
    lines = said(code).splitlines()
    assert len(lines) > 40
    assert all(line.endswith("True") for line in lines)


def test_every_whole_job_is_a_spec_that_is_valid() -> None:
    code = (
        "from jobs import SCALES, plans\n"
        "for scale in SCALES.values(): print([len(plan.runs) for plan in plans(scale).values()])"
    )
    assert said(code).splitlines() == ["[20, 60, 300]", "[20, 60, 2000]"]


def test_all_runs_of_a_job_are_dealt_out_evenly() -> None:
    code = (
        "from jobs import plans; from jobs_all_cores import dealt\n"
        "for plan in plans(1.0).values():\n"
        "    parts = dealt(plan, 2)\n"
        "    assert sorted(r.id for p in parts for r in p) == sorted(r.id for r in plan.runs)\n"
        "    print(*(sum(run.recipe.steps for run in part) for part in parts))"
    )
    works = [list(map(int, line.split())) for line in said(code).splitlines()]
    assert len(works) == 3
    assert all(max(work) <= 1.2 * min(work) for work in works)


def test_what_a_record_costs_is_measured_and_told() -> None:
    code = (
        "import records; from tables import records_table\n"
        "records.NETS, records.BATCHES, records._TURN_SECONDS = ((4, 1),), (32,), 0.01\n"
        "print(*records_table(records.records(1)), sep='\\n')"
    )
    head, _, row = said(code).splitlines()
    assert head.endswith("| a record in steps | steps from which 40 records add 5% |")
    cells = [cell.strip().replace(",", "") for cell in row.strip("|").split("|")]
    assert cells[:2] == ["1 x 4", "32"]
    assert float(cells[5]) == pytest.approx(40 * float(cells[4]) / 0.05, rel=0.02)


def test_what_pins_one_library_is_taken_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import os; from kernels import settle; print(settle(), sorted({*os.environ} & {'%s'}))"
    for name in said("from kernels import PINS; print(*PINS)").split():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert said(code % "OPENBLAS_CORETYPE") == (
        "Everyone takes the instructions that it chooses by itself; OPENBLAS_CORETYPE=Haswell of "
        "this machine was taken out. []\n"
    )
    everyone = f"import sys; sys.argv.append('--avx2'); {code}"
    assert said(everyone % "XLA_FLAGS', 'ATEN_CPU_CAPABILITY") == (
        "Everyone is kept to AVX2. ['ATEN_CPU_CAPABILITY', 'XLA_FLAGS']\n"
    )


def test_every_run_of_a_case_is_dealt_once() -> None:
    code = (
        "from cases import SHORT\nfrom cases_all_cores import WAYS, dealt\n"
        "for case in SHORT:\n"
        "    for way in WAYS:\n"
        "        for hands in (1, 2, 3):\n"
        "            shares = dealt(case, way, hands)\n"
        "            assert len(shares) <= hands\n"
        "            runs = sorted(i for share in shares for i in share.runs)\n"
        "            assert runs == list(range(case.runs)), (case, way, hands)\n"
    )
    assert said(code) == ""


def test_a_way_that_trains_something_else_has_no_place_in_the_table() -> None:
    code = (
        "from tables import all_cores_cases_table\n"
        "row = {'case': 'a', 'microseconds': {'nnlab': 2, 'jax': 3}, "
        "'ratio': {'nnlab': 1, 'jax': 1.5}}\n"
        "print(*all_cores_cases_table([row])[2:], sep='\\n')\n"
        "assert all_cores_cases_table([]) == []\n"
    )
    assert said(code).splitlines() == [
        "| a | 2 (1.00) | 3 (1.50) |  |", "| geometric mean | (1.00) of 1 | (1.50) of 1 |  |",
    ]  # fmt: skip
