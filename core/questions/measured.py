"""What an answer measures rather than trains: taken once, then kept beside the stored runs.

A time is another one each time it is taken, and Holm's correction lets one claim's interval move
those of all others: an answer that measured anew at every start would never be the same twice. So a
measurement is stored like a run, in `results/.runs/` by the content of what fixes it, and
`--force` takes it again.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnlab.core import environment
from nnlab.core.errors import StoreError
from nnlab.core.files import write_file
from nnlab.core.listener import Listener
from nnlab.core.wording import told

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work

STORE = ".runs"


def measured_once(
    work: Work,
    name: str,
    about: Mapping[str, Any],
    measure: Callable[[], Any],
    *,
    sound: Callable[[Any], bool] = lambda found: True,
) -> Any:
    """What `measure` returns, a JSON value, from the store or taken now and stored.

    `about` is all that fixes what is measured, JSON too; this machine, Python and NumPy are added
    to it. What is stored and damaged is told of, and measured again; what is not `sound` is not
    stored, so that the next start measures again. (Of what is stored `sound` may raise: an edited
    file may hold anything.) Raises `StoreError` when the disk refuses.
    """
    key = {"name": name, "about": _plain(about), "machine": _plain(_machine())}
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    path = work.settings.results / STORE / f"{name}-{digest}.json"
    with work.watch(name) as listener:
        if not work.settings.force:
            found = _read(path, key, listener, sound)
            if found is not None:
                return found
        found = _plain(measure())
        document = key | {"measured": environment.now(), "found": found}
        if sound(found):
            write_file(path, json.dumps(document, indent=1, allow_nan=False) + "\n")
    return found


def _read(
    path: Path, key: Mapping[str, Any], listener: Listener, sound: Callable[[Any], bool]
) -> Any:
    """What is stored there, None where nothing is or it cannot be believed."""
    try:
        document = json.loads(path.read_bytes())
        if {name: document[name] for name in key} != key:
            raise ValueError("it is of something else")
        found = document["found"]
        if not sound(found):
            raise ValueError("what it holds is not to be believed")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read {told(path)}: {error.strerror or error}") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        listener.warned(f"{told(path)} is damaged ({error}); it is measured again")
        return None
    return found


def _machine() -> dict[str, Any]:
    """What a time is of: the processor, the BLAS kernel that it got, the host, the versions.

    A new release of the system is not another machine; another host of the same model may be.
    """
    import numpy  # noqa: F401  only what is loaded is described

    facts = environment.describe(())
    kernels = {str(library["architecture"]) for library in facts["blas"]}
    return {
        "processor": _processor(),
        "host": platform.node(),
        "cores": facts["platform"]["cores"],
        "blas": sorted(kernels),
        "versions": {name: facts["versions"][name] for name in ("python", "numpy")},
    }


def _processor(told_by: Path = Path("/proc/cpuinfo")) -> str:
    """The model of the CPU: as Linux tells it, else as Python does."""
    try:
        lines = told_by.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


def _plain(content: Any) -> Any:
    """As JSON gives it back: tuples are lists."""
    return json.loads(json.dumps(content, allow_nan=False))
