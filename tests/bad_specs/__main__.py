"""Write the messages of all cases anew: `python -m tests.bad_specs`. Read what it changed."""

from __future__ import annotations

from collections import defaultdict

from nnlab.core.errors import SpecError
from nnlab.core.spec import parse_spec
from tests.bad_specs import FOLDER, cases, told

files: dict[str, list[str]] = defaultdict(list)
for case in cases():
    messages = ["ACCEPTED: this is no broken spec"]
    try:
        parse_spec(case.spec, overrides=case.overrides)
    except SpecError as error:
        messages = [told(problem) for problem in error.problems]
    text = f"{case.text}\n" if case.text else ""
    told_lines = "".join(f"--> {message}\n" for message in messages)
    files[case.file].append(f"=== {case.title}\n{text}{told_lines}")
for name, blocks in files.items():
    (FOLDER / f"{name}.txt").write_text("".join(blocks), encoding="utf-8")
