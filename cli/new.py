"""`nnlab new`: a commented spec to start from."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from nnlab.cli import console
from nnlab.core.errors import SpecError, StoreError, UsageError

_MARK = '"title": "nnlab spec"'
TEMPLATE = """\
# yaml-language-server: $schema=nnlab.schema.json
# {name}: what `nnlab train {name}.yaml` trains.
#
# A list makes a grid: nnlab trains every combination of all lists, each with
# every seed. `nnlab check {name}.yaml` says what that comes to, without training.
# A line that begins with # is a comment; take the # away to use the key.

name: {key}            # the results go to results/{name}/
# description: Which activation learns the digits best?   # the subtitle of its report

# ---------------------------------------------------------------- the data
dataset: digits
#   comes along: digits, iris, wine, breast_cancer (classes); diabetes (numbers);
#   made to measure: moons, circles, blobs, xor, spirals (classes); sine (numbers)
# dataset: {{name: spirals, n: 1000, noise: 0.1}}
# dataset: {{csv: houses.csv, target: price}}   # a path relative to this file
# dataset: {{npz: arrays.npz}}                  # holds the arrays X and y
# dataset: {{openml: mnist_784, version: 1}}    # fetched once, then kept
test_fraction: 0.2      # a fifth is never trained on, only tested on
# split_seed: 0         # which fifth; the same for every run, so that runs compare
# standardize: true     # features to mean 0 and variance 1, by the training part

# ---------------------------------------------------------------- the network
hidden_layer_sizes: [64, 64]
#   several: [[64, 64], [32]]; or, for layers of one width:
# width: 64
# depth: [2, 5, 10]     # instead of hidden_layer_sizes
activation: [relu, tanh]
#   relu, leaky_relu, tanh, sigmoid, identity, elu, selu, gelu, silu, softplus,
#   softsign, hard_tanh, mish; a parameter after a colon: leaky_relu:0.2
# initialization: auto  # the one made for the activation; or he, glorot, lecun,
#                       # orthogonal, torch, normal:0.01
# loss: cross_entropy   # by default cross_entropy for classes, mse for numbers
# output: softmax       # by default the one that goes with the loss

# ---------------------------------------------------------------- the training
optimizer: sgd          # or momentum, momentum_corrected, nesterov, rmsprop, adam, adamw
#   their own numbers, where they have them, and their defaults:
# momentum: 0.9
# beta1: 0.9
# beta2: 0.999
# epsilon: 1e-8
# weight_decay: 0
learning_rate: 0.1      # a number, a list, or spaced evenly in the logarithm:
# learning_rate: {{from: 1e-3, to: 1, num: 13}}
#   or a rate of its own for each activation:
# learning_rate: {{relu: 0.1, tanh: 0.2}}
# schedule: constant    # or linear, cosine: how the rate falls to 0
# warmup_steps: 0       # steps in which it rises from 0 first
batch_size: 32          # examples of one step; a list, or full
epochs: 20              # passes over the training part
# steps: 1000           # or so many updates, instead of epochs
seeds: 3                # each setting three times, from other weights: a mean
                        # without an interval says little

# ---------------------------------------------------------------- the records
# target_loss: 0.1      # note when the training loss gets there; stops nothing
# records: 40           # moments at which gradients, dead units etc. are measured
# dtype: float32        # float64 takes twice as long
# save_weights: false   # true keeps the first and last weights of every run
"""


def new(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Name of the study: letters, digits, dot, _ and -."),
    ],
) -> None:
    """Write a commented spec to start from.

    The file NAME.yaml is valid as it stands; its comments say what each key does. A file of that
    name that exists already is left alone. nnlab.schema.json, written beside it, lets an editor
    with a YAML language server complete and check it; nnlab itself does not need it.
    """
    study = name.removesuffix(".yaml")
    text = _template(study)
    path = Path(f"{study}.yaml")
    try:
        with path.open("x", encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
            except OSError:
                with suppress(OSError):
                    path.unlink()  # a half-written spec would only be in the way
                raise
    except FileExistsError:
        raise UsageError(f"{path} is there already; take another name") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None
    console.write(f"{path}: edit it, then `nnlab train {path}`")
    _lay_schema_beside(path)


def _lay_schema_beside(spec: Path) -> None:
    """A copy of the schema in the spec's folder, which its first line names.

    A copy, not the path of the installed one: the folder can be moved, committed or sent on and
    still says what its specs may hold, with no path of this machine in it and no network. One of
    an older nnlab is renewed; a file that is something else is left alone. Failing is no error,
    as only the editor's help is lost.
    """
    from nnlab.configs import SCHEMA
    from nnlab.core.files import write_file

    place = spec.with_name(SCHEMA.name)
    try:
        text = SCHEMA.read_text(encoding="utf-8")
        there = place.read_text(encoding="utf-8") if place.exists() else None
        if there is not None and _MARK not in there:
            raise StoreError(f"{place} is there already and is no schema of nnlab")
        if there != text:
            write_file(place, text)
            console.write(f"{place}: for the editor, which completes and checks specs with it")
    except (OSError, UnicodeDecodeError, StoreError) as error:
        console.say(f"no schema for the editor: {error}")


def _template(study: str) -> str:
    """The spec of that name; raises `UsageError` where a study cannot be called so."""
    from nnlab.core.spec import make_spec

    try:
        make_spec(name=study)
    except SpecError as error:
        raise UsageError("; ".join(problem.message for problem in error.problems)) from None
    plain = TEMPLATE.format(name=study, key=study)
    # a name such as 1e3 is a number to YAML unless it stands in quotes
    return plain if _names(plain, study) else TEMPLATE.format(name=study, key=f'"{study}"')


def _names(text: str, study: str) -> bool:
    from nnlab.core.spec import parse_spec

    try:
        return parse_spec(text).name == study
    except SpecError:
        return False
