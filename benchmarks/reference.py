"""Train the specs of `results/reference/`, which is committed, again.

    python benchmarks/reference.py [NAME]...

Only the small files are kept: report.png, runs.csv and spec.yaml.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from nnlab.core.spec import load_spec
from nnlab.core.study import Settings, prepare

ROOT = Path(__file__).resolve().parents[1]
KEPT = ("report.png", "runs.csv", "spec.yaml")


def main() -> None:
    """Train each named spec, or all that are there, from nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    kept = (ROOT / "results" / "reference").iterdir()
    names = parser.parse_args().names or sorted(folder.name for folder in kept)
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            spec = load_spec(ROOT / "configs" / f"{name}.yaml")
            results = prepare(spec, Settings(results=Path(place))).run()
            folder = ROOT / "results" / "reference" / name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for file in KEPT:
                shutil.copy(results.folder / file, folder / file)
        print(f"{folder.relative_to(ROOT)}: {results.counts}")


if __name__ == "__main__":
    main()
