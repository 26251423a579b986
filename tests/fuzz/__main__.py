"""`python -m tests.fuzz [--seconds 60] [--target spec ...]`: fuzz every reader for a time in all.

Needs atheris (libFuzzer for Python). Starts from the inputs in `tests/fuzz/corpus/` and from those
that earlier runs found to reach new branches, which are kept in `.fuzz/`. A finding is told with
its traceback and its input written to `.fuzz/findings/`; the exit code is then 1. Mend it, and put
the input into the corpus: the unit tests run all of it. With `--seed` the same code meets the same
inputs, as far as the time goes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import traceback
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
KEPT = Path(".fuzz")
FINDINGS = KEPT / "findings"
MOST_MEBIBYTES = 700
"""Of the whole process: the libraries, the instrumentation and the corpus take 350 of them."""


def main() -> int:
    """Fuzz the targets one after the other, each in a process of its own; the exit code."""
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="in all (default: 60)")
    parser.add_argument("--target", choices=[*TARGETS], action="append", help="only this reader")
    parser.add_argument("--seed", type=int, help="try the same inputs every time")
    parser.add_argument("--one", choices=[*TARGETS], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        _fuzz(options.one, options.seconds, options.seed)
    chosen = options.target or [*TARGETS]
    before = set(FINDINGS.glob("*"))
    broken = False
    for name in chosen:
        command = [sys.executable, "-m", "tests.fuzz", "--one", name]
        command += ["--seconds", str(options.seconds / len(chosen))]
        if options.seed is not None:
            command += ["--seed", str(options.seed)]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        inputs = re.findall(r"^#(\d+)\s", done.stderr, re.M)
        broken |= done.returncode != 0
        print(f"{name}: {int(inputs[-1]) if inputs else 0:,} inputs", flush=True)
        if done.returncode or "FINDING" in done.stderr:
            print(_told(done.stderr), flush=True)
    found = sorted(set(FINDINGS.glob("*")) - before)
    for path in found:
        print(f"finding: {path}")
    return 1 if found or broken else 0


def _told(stderr: str) -> str:
    """What libFuzzer wrote without its own count of inputs."""
    lines = [line for line in stderr.split("\n") if not line.startswith(("#", "INFO", '"'))]
    return "\n".join(lines)[:10_000]


def _fuzz(name: str, seconds: float, seed: int | None) -> None:
    """Fuzz one target in this process; does not return."""
    import atheris

    from tests.fuzz.targets import TARGETS

    target = TARGETS[name]
    with atheris.instrument_imports(include=[*target.rooms]):
        for path in (CORPUS / name).iterdir():  # imports all it needs, before time counts
            target.read(path.read_bytes())
    FINDINGS.mkdir(parents=True, exist_ok=True)
    kept = KEPT / name
    kept.mkdir(exist_ok=True)
    known: set[str] = set()

    def one_input(data: bytes) -> None:
        try:
            target.read_in_time(data)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} at {last.filename}:{last.lineno}"
            if place not in known:  # once each: the fuzzer comes back to where it was
                known.add(place)
                digest = hashlib.sha256(data).hexdigest()[:12]
                (FINDINGS / f"{name}-{digest}").write_bytes(data)
                print(f"FINDING {name}-{digest}: {place}", file=sys.stderr)
                traceback.print_exception(error)

    arguments = [
        "nnlab-fuzz", str(kept), str(CORPUS / name), f"-max_total_time={max(1, int(seconds))}",
        f"-max_len={target.longest}", f"-artifact_prefix={FINDINGS}/{name}-", "-timeout=20",
        f"-rss_limit_mb={MOST_MEBIBYTES}", "-print_final_stats=1",
    ]  # fmt: skip
    if seed is not None:
        arguments.append(f"-seed={seed}")
    dictionary = CORPUS / f"{name}.dict"
    if dictionary.is_file():
        arguments.append(f"-dict={dictionary}")
    atheris.Setup(arguments, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
