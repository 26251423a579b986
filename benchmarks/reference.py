"""Make `results/reference/`, which is committed, again: `make reference`.

    python benchmarks/reference.py [NAME]...      such as quickstart or 1.4d; without one: all

What an answer keeps: `claims.json`, `report.png`, `runs.csv` where it trained, and the spec of each
of its studies. A shipped spec that is a study of an answer has its runs there; any other keeps
`report.png`, `runs.csv` and `spec.yaml` in a folder of its own.

Everything is trained from nothing, but an interrupted command goes on from its finished runs, which
lie in `benchmarks/out/reference` until all that was asked for is done.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import perf_counter

from PIL import Image

from nnlab.configs import shipped
from nnlab.core import environment
from nnlab.core.errors import NnlabError, UsageError
from nnlab.core.folder import CLAIMS, ENVIRONMENT, RUNS, SPEC
from nnlab.core.listener import Listener
from nnlab.core.questions.answer_folder import as_json
from nnlab.core.questions.answering import Asked, answer_question
from nnlab.core.questions.table import QUESTIONS, find_question
from nnlab.core.report.png import lean
from nnlab.core.settings import Settings
from nnlab.core.spec import load_spec
from nnlab.core.study import prepare
from nnlab.core.suggest import unknown

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "results" / "reference"
WORKSHOP = ROOT / "benchmarks" / "out" / "reference"
STUDIES = "studies"
REPORT = "report.png"
MOST_BYTES = 1_000_000
"""Of a table; a longer one is compressed."""
MOST_PICTURE = 550_000
"""Of a picture, in bytes."""

Kept = dict[str, str | bytes]
"""What is kept of a folder, by the path in it."""


def main() -> None:
    """Make each named one, or all, and the README of the folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    given = parser.parse_args().names
    if environment.describe(())["versions"]["nnlab"] is None:
        parser.exit(2, "install nnlab first (make install): the results name its version\n")
    try:
        names = [checked(name) for name in given] or list(QUESTIONS)
        for name in names:
            made(name)
        # Which specs stand alone is known when all answers are there.
        for name in [] if given else alone():
            made(name)
            names.append(name)
    except NnlabError as error:
        parser.exit(error.exit_code, f"{error}\n")
    for name in names:
        shutil.rmtree(WORKSHOP / name, ignore_errors=True)
    (REFERENCE / "README.md").write_text(readme(), encoding="utf-8")


def checked(name: str) -> str:
    """The question or the shipped spec of this name. `UsageError` where it has no folder."""
    if name in QUESTIONS:
        return name
    if name not in shipped():
        raise UsageError(unknown("question or shipped spec", name, [*QUESTIONS, *shipped()]))
    for answer, studies in studies_of_answers().items():
        if name in studies:
            raise UsageError(f"{name} is a study of {answer}: name that question")
    return name


def studies_of_answers() -> dict[str, list[str]]:
    """The shipped specs that an answer trains, by the answer's folder, as far as it is there."""
    found: dict[str, list[str]] = {}
    for place in sorted(REFERENCE.glob(f"*/{STUDIES}/*.yaml")):
        found.setdefault(place.parents[1].name, []).append(place.stem)
    return found


def alone() -> list[str]:
    """The shipped specs that no answer trains."""
    taken = {name for studies in studies_of_answers().values() for name in studies}
    return [name for name in shipped() if name not in taken]


def made(name: str) -> None:
    """Make the folder of a question or of a spec; what was there is replaced when it is done."""
    started, clock = environment.now(), perf_counter()
    make = made_answer if name in QUESTIONS else made_study
    source, kept = make(name)
    facts = environment.describe(())
    kept[ENVIRONMENT] = as_json(
        {key: facts[key] for key in ("versions", "platform", "blas")}
        | {"started": started, "seconds": round(perf_counter() - clock)}
    )
    kept[REPORT] = small((source / REPORT).read_bytes())
    if (source / RUNS).is_file():
        table = (source / RUNS).read_bytes()
        few = len(table) <= MOST_BYTES
        kept[RUNS if few else f"{RUNS}.gz"] = table if few else gzip.compress(table, mtime=0)
    folder = REFERENCE / source.name
    shutil.rmtree(folder, ignore_errors=True)
    for file, content in kept.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)
    print(f"{folder.relative_to(ROOT)}: {size_of(folder) / 1000:.0f} kB", flush=True)


def made_study(name: str) -> tuple[Path, Kept]:
    """Train a shipped spec: its folder in the workshop, and what is kept of it as it stands."""
    results = prepare(load_spec(shipped()[name]), Settings(results=WORKSHOP / name)).run()
    return results.folder, {SPEC: (results.folder / SPEC).read_bytes()}


def made_answer(name: str) -> tuple[Path, Kept]:
    """Answer a question: its folder in the workshop, and what is kept of it as it stands."""
    heard: list[str] = []

    def watch(part: str) -> AbstractContextManager[Listener]:
        print(f"  {part}", flush=True)
        heard.append(part.replace(",", " ").split()[0])
        return nullcontext(Listener())

    folder = answer_question(
        find_question(name), Asked(Settings(results=WORKSHOP / name), watch)
    ).folder
    kept: Kept = {CLAIMS: (folder / CLAIMS).read_bytes()}
    for study in shipped():
        if study in heard:
            kept[f"{STUDIES}/{study}.yaml"] = resolved(study, folder)
    return folder, kept


def resolved(study: str, folder: Path) -> str:
    """The spec of a study as the answer trained it, or as it ships where no folder has it."""
    written = folder / STUDIES / study / SPEC
    if written.is_file():
        return written.read_text(encoding="utf-8")
    return prepare(load_spec(shipped()[study]), Settings(results=folder)).spec.to_yaml()


def small(picture: bytes) -> bytes:
    """The PNG file in 256 colours and at most `MOST_PICTURE` bytes, if need be in fewer pixels."""
    few = lean(picture)
    while len(few) > MOST_PICTURE:
        image = Image.open(io.BytesIO(picture))
        size = (image.width * 7 // 8, image.height * 7 // 8)
        buffer = io.BytesIO()
        image.resize(size, Image.Resampling.LANCZOS).save(buffer, format="PNG")
        picture = buffer.getvalue()
        few = lean(picture)
    return few


HEAD = """\
# Reference results

What the shipped specs and the answers to all questions gave on one machine: to look at without
training anything, and for a test to compare with. `make reference` makes everything again,
`python benchmarks/reference.py 1.4a quickstart` these two; nothing here is edited by hand.

- `answer-<question>/`: `claims.json`, `report.png`, `runs.csv` where nets were trained, and in
  `studies/` the spec of each study. `nnlab train` on one of these trains that study alone.
- `<spec>/`: `report.png`, `runs.csv` and `spec.yaml` of a shipped spec that no answer trains.
- `environment.json` in each: versions, system, the BLAS and its kernel, when, how long.

Left out, for their size, are the tables by step and by layer, `report.html` and the single figures;
`nnlab train` and `nnlab answer` write them to `results/`. A picture has 256 colours and at most 550
kB, so that a long one has fewer pixels than a fresh report; a table above 1 MB is compressed.

`tests/test_reference_results.py` holds fresh runs against these and says how close they must be. On
the same machine all numbers are the same to the bit, but for times. Another processor or BLAS
rounds sums differently. Most runs then differ in the seventh digit, those of large steps or many
layers in the first: a single loss of theirs means nothing, their mean over seeds and the verdicts
do. Times in a report, and claims about the cost of an activation, are this machine's.

| report | runs | claims | size | took |
| --- | --- | --- | --- | --- |
"""
TAIL = """
*Took* is the clock on two cores that other work shared.
"""


def readme() -> str:
    """What is there, how large it is and how long it took."""
    rows = []
    for folder in sorted(path.parent for path in REFERENCE.glob(f"*/{ENVIRONMENT}")):
        facts = json.loads((folder / ENVIRONMENT).read_text(encoding="utf-8"))
        claims = folder / CLAIMS
        judged = len(json.loads(claims.read_text(encoding="utf-8"))) if claims.exists() else "–"
        trained = [lines(path) - 1 for path in folder.glob(f"{RUNS}*")]
        rows.append(
            f"| [{folder.name}]({folder.name}/{REPORT}) | {trained[0] if trained else '–'} "
            f"| {judged} | {size_of(folder) / 1000:.0f} kB | {facts['seconds']} s |\n"
        )
    return HEAD + "".join(rows) + TAIL


def size_of(folder: Path) -> int:
    """Bytes of all files in it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def lines(path: Path) -> int:
    """The lines of a table, compressed or not."""
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).count(b"\n")


if __name__ == "__main__":
    main()
