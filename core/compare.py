"""What `nnlab compare` compares: a spec whose activations stand side by side under equal terms.

Without a spec: digits, two hidden layers of 64, five seeds, 60 epochs (at the rate of 0.1 sigmoid
takes most of them to get to the target). Without a target loss a classification counts the steps
to a training loss of 0.1; a squared error has no such natural mark and goes without.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nnlab.core.errors import UsageError
from nnlab.core.nn.activations import find_activation
from nnlab.core.settings import Settings
from nnlab.core.spec import Spec, parse_spec
from nnlab.core.spec.names import StudyName
from nnlab.core.spec.writer import flow
from nnlab.core.study import Study, prepare

DEFAULT_TARGET_LOSS = {"cross_entropy": 0.1, "binary_cross_entropy": 0.1}
"""By loss: the training loss whose steps are counted where the spec has no `target_loss`."""

_DEFAULT_SPEC = """\
name: {name}
description: {description}
dataset: digits
hidden_layer_sizes: [64, 64]
activation: {activations}
epochs: 60
seeds: 5
target_loss: 0.1
"""


def read_activations(text: str) -> tuple[str, ...]:
    """The labels in a comma-separated list, in canonical spelling.

    Raises `UsageError` for an unknown one, one given twice, and fewer than two.
    """
    labels: dict[str, str] = {}
    for written in text.split(","):
        name = written.strip()
        if not name:
            raise UsageError(f"--activations {text[:100]}: a name is missing beside a comma")
        try:
            label = find_activation(name).label
        except ValueError as error:
            raise UsageError(f"--activations: {error}") from None
        if label in labels:
            also = f", as '{labels[label]}'" if labels[label] != name else ""
            raise UsageError(f"--activations: '{name}' is there already{also}")
        labels[label] = name
    if len(labels) < 2:
        raise UsageError(
            f"--activations {text[:100]}: one activation has nothing to be compared with; name "
            "two or more, the first is what the others are compared with"
        )
    return tuple(labels)


def overrides_for(activations: Sequence[str] | None, seeds: int | None) -> list[str]:
    """The options as overrides of a spec."""
    told = [f"activation={flow(list(activations))}"] if activations else []
    return told + ([f"seeds={seeds}"] if seeds is not None else [])


def default_spec(activations: Sequence[str], overrides: Sequence[str] = ()) -> Spec:
    """The spec of a comparison for which none was given. Raises `SpecError`."""
    text = _DEFAULT_SPEC.format(
        name=study_name(activations),
        description=f"{', '.join(activations[1:])} against {activations[0]} on handwritten digits",
        activations=flow(list(activations)),
    )
    return parse_spec(text, "nnlab compare", overrides=overrides)


def study_name(activations: Sequence[str]) -> str:
    """The name of a comparison without a spec, fit for a folder.

    >>> study_name(["relu", "leaky_relu:0.2"])
    'compare-relu-leaky_relu-0.2'
    """
    first, *others = (re.sub(r"[^A-Za-z0-9._-]+", "-", name) for name in activations)
    name = "-".join(["compare", first, *others])
    if len(name) + len("-tuning") <= StudyName.most:
        return name
    return f"compare-{first}-{len(others)}-others"


def prepare_comparison(spec: Spec, settings: Settings) -> Study:
    """The study of a comparison; raises `UsageError` where there is one activation only.

    A spec without a target loss gets the one in `DEFAULT_TARGET_LOSS`.
    """
    if len(spec.activation) < 2:
        raise UsageError(
            f"'{spec.name}' has the activation {spec.activation[0]} only, and a comparison takes "
            "two: name them with --activations relu,tanh"
        )
    study = prepare(spec, settings)
    target = DEFAULT_TARGET_LOSS.get(study.spec.loss or "")
    if study.spec.target_loss is None and target is not None:
        study = study.changed(target_loss=target)
    return study
