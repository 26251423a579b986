"""How to run a study, as opposed to what: where its results go, on how many processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nnlab.core.cluster import check_address, reach
from nnlab.core.cores import default_jobs


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run, as opposed to what."""

    results: Path = Path("results")
    jobs: int | None = None
    """Worker processes; None: as many as there are cores."""
    force: bool = False
    """Train again what is stored."""
    fail_fast: bool = False
    """Stop at the first failed run."""
    cluster: str | None = None
    """Address of the cluster to train on; None: on this machine. See `nnlab.core.cluster`."""
    command: tuple[str, ...] = ()
    """The command line, for `environment.json`."""
    home: Path | None = None
    """Where the study's own folder goes; None: into `results`, where the store of runs is."""
    draw: bool = True
    """Whether the report is drawn; a study behind a question's answer leaves that to the answer."""

    def __post_init__(self) -> None:
        """Refuse an address that is none, even where nothing is left to train: `UsageError`."""
        if self.cluster is not None:
            check_address(self.cluster)

    @property
    def workers(self) -> int:
        """The number of worker processes; on a cluster, of its threads (this connects to it)."""
        if self.cluster is not None:
            return reach(self.cluster).threads
        return self.jobs or default_jobs()

    def folder_of(self, name: str) -> Path:
        """The folder of the study `name`."""
        return (self.home or self.results) / name
