"""What a question's module works with: its shipped studies, trained or read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from nnlab.configs import shipped
from nnlab.core.listener import Listener
from nnlab.core.results import Results
from nnlab.core.settings import Settings
from nnlab.core.spec import Spec, parse_spec
from nnlab.core.study import Study, prepare

Watch = Callable[[str], AbstractContextManager[Listener]]
"""Gives a listener for the part of the work that has this name."""


@dataclass(frozen=True)
class Work:
    """How and where to answer, and the means to it."""

    settings: Settings
    folder: Path
    """The answer's own folder; its studies lie in `studies/` inside it."""
    watch: Watch
    quick: bool = False
    """Fewer seeds: explores, and says so."""
    input: Path | None = None
    """The file of the user's own numbers."""
    matrix: str | None = None
    """The user's own matrix, as it was written."""

    def spec(self, name: str, quick: Sequence[str] = ()) -> Spec:
        """The shipped spec `name`, with the overrides `quick` where that was asked for."""
        path = shipped()[name]
        overrides = quick if self.quick else ()
        return parse_spec(path.read_bytes(), name, path.parent, overrides)

    def prepare(self, spec: Spec) -> Study:
        """The study of a spec, inside the answer's folder, its runs in the common store."""
        return prepare(spec, replace(self.settings, home=self.folder / "studies", draw=False))

    def train(self, spec: Spec) -> Results:
        """Train what is missing of a study; what is finished is read. Raises like `Study.run`."""
        study = self.prepare(spec)
        with self.watch(study.spec.name) as listener:
            return study.run(listener)

    def study(self, name: str, quick: Sequence[str] = ()) -> Results:
        """The shipped study `name`, trained: `work.study("dying", quick=["seeds=2"])`."""
        return self.train(self.spec(name, quick))
