"""From a spec to runs, from runs to stacks.

A `Run` is one training of one net: everything that fixes its numbers, and the hash of that. Runs
that share a `Recipe` train in lock-step as a `Stack`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nnlab.core.cores import second_level_cache
from nnlab.core.errors import SpecError
from nnlab.core.nn.buffers import buffer_items
from nnlab.core.nn.losses import PAIRS
from nnlab.core.nn.mlp import count_parameters
from nnlab.core.nn.optimizers import OPTIMIZERS
from nnlab.core.quantities import PROBE_EXAMPLES

if TYPE_CHECKING:
    from nnlab.core.data import Split
    from nnlab.core.spec import Spec

SECONDS_A_CALL = 2e-6
"""What one NumPy call costs besides its arithmetic; measured."""
FLOPS = 30e9
"""Floating-point operations a second of a core on such stacks, float32; measured."""
SECONDS_A_RUN = 3e-3
"""What a run costs besides its steps: initial weights, first and last record, storing."""

STOPPED_SHARE = 0.4
"""Of its steps, what a run that may stop at its target is taken to need; measured in searches."""

ENGINE_VERSION = 2
"""Raised when the numbers of a run change; stored runs of another version are trained again."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the runs of a stack share."""

    dataset: str
    """The label in the tables; does not fix numbers, `data` does."""
    data: str
    """Content hash of the split."""
    train_examples: int
    layer_sizes: tuple[int, ...]
    """Input and output included."""
    loss: str
    output: str
    optimizer: str
    hyperparameters: tuple[tuple[str, float], ...]
    schedule: str
    warmup_steps: int
    batch_size: int
    steps: int
    records: int
    target_loss: float | None
    dtype: str
    save_weights: bool
    stop_at_target: bool = False
    """A run ends when it has reached `target_loss`: for studies of the time to a target."""

    @property
    def hidden_layer_sizes(self) -> tuple[int, ...]:
        """Units of the hidden layers."""
        return self.layer_sizes[1:-1]

    @property
    def moments(self) -> int:
        """How many are measured: in few steps there are fewer than `records`."""
        return min(self.records, self.steps + 1)


def _digest(facts: Any) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=1024)
def _recipe_digest(recipe: Recipe) -> str:
    facts = asdict(recipe)
    del facts["dataset"]
    return _digest(facts)


@dataclass(frozen=True, slots=True)
class Run:
    """One training of one net."""

    recipe: Recipe
    activation: str
    initialization: str
    learning_rate: float
    seed: int
    id: str = field(init=False, compare=False)
    """12 hex digits of the content hash."""

    def __post_init__(self) -> None:
        """Fix the identity: the hash over everything that fixes the numbers."""
        facts = (
            ENGINE_VERSION, _recipe_digest(self.recipe), self.activation, self.initialization,
            self.learning_rate, self.seed,
        )  # fmt: skip
        object.__setattr__(self, "id", _digest(facts)[:12])

    @property
    def axes(self) -> dict[str, Any]:
        """The run's own columns of `runs.csv`, in their order."""
        recipe = self.recipe
        return {
            "dataset": recipe.dataset,
            "activation": self.activation,
            "depth": len(recipe.hidden_layer_sizes),
            "hidden_layer_sizes": "-".join(map(str, recipe.hidden_layer_sizes)),
            "initialization": self.initialization,
            "optimizer": recipe.optimizer,
            "learning_rate": self.learning_rate,
            "batch_size": recipe.batch_size,
            "seed": self.seed,
            "steps": recipe.steps,
        }


@dataclass(frozen=True, slots=True)
class Stack:
    """Runs that train in lock-step: one recipe, equal activations side by side."""

    recipe: Recipe
    runs: tuple[Run, ...]

    @property
    def work(self) -> float:
        """Estimated seconds on one core: by it stacks are ordered and grids announced."""
        return stack_seconds(self.recipe, len(self.runs))

    @property
    def measuring(self) -> float:
        """Estimated seconds of `work` that its records take."""
        return records_seconds(self.recipe, len(self.runs))


def stack_seconds(recipe: Recipe, runs: int) -> float:
    """Estimated seconds that a stack of so many runs takes on one core.

    A step costs a stack Python's own time and each run its arithmetic: two products of the
    backward pass and one of the forward pass.
    """
    products = 2 * count_parameters(recipe.layer_sizes)  # floating-point operations, forward
    steps = recipe.steps
    if recipe.stop_at_target:  # a guess: nobody knows when a run gets there
        steps = math.ceil(STOPPED_SHARE * steps)
    examples = 3 * recipe.batch_size * steps
    if recipe.target_loss is not None:
        examples += _comparisons(steps) * recipe.train_examples
    calls = 20 + 18 * len(recipe.layer_sizes)
    python = steps * calls * SECONDS_A_CALL + runs * SECONDS_A_RUN
    return python + runs * examples * products / FLOPS + records_seconds(recipe, runs)


def records_seconds(recipe: Recipe, runs: int) -> float:
    """Estimated seconds that the records of a stack of so many runs take on one core.

    A record passes the training part forward and the probe's examples back, which is two products
    for each of them. (The test part, which a recipe does not know, is left out.)
    """
    examples = recipe.train_examples + 2 * min(recipe.train_examples, PROBE_EXAMPLES)
    products = 2 * count_parameters(recipe.layer_sizes)
    return runs * recipe.moments * examples * products / FLOPS


def _comparisons(steps: int) -> int:
    """How often the training loss is compared with a target: all steps at first, then 5 % apart."""
    dense = min(steps, 20)
    return dense + (math.ceil(math.log(steps / 20) / math.log(1.05)) if steps > 20 else 0)


@dataclass(frozen=True)
class Plan:
    """All runs of a spec, in the order of its grid, on one split of its data."""

    spec: Spec
    split: Split
    runs: tuple[Run, ...]

    @cached_property
    def digest(self) -> str:
        """One hash for all its runs in their order."""
        return hashlib.sha256(",".join(run.id for run in self.runs).encode()).hexdigest()


def output_units(split: Split, output: str) -> int:
    """How many output units: softmax has one a class; two classes need one otherwise."""
    if split.task == "regression":
        return int(split.y_train.shape[1])
    classes = len(split.classes)
    return 1 if classes == 2 and output != "softmax" else classes


def make_plan(spec: Spec, split: Split) -> Plan:
    """The grid of `spec` (resolved: loss and output known) as runs on `split`."""
    return Plan(spec, split, tuple(_grid(spec, split)))


Setting: TypeAlias = tuple[tuple[int, ...], str, int | str]
"""What tells the recipes of a spec apart: architecture, optimizer, batch size as written."""


def recipes_of(spec: Spec, split: Split) -> dict[Setting, Recipe]:
    """What the runs of a grid share, by setting. `SpecError` for a batch size given twice."""
    assert spec.loss is not None
    assert spec.output is not None
    assert (spec.loss, spec.output) in PAIRS
    n, features = split.X_train.shape
    outputs = output_units(split, spec.output)
    sizes = [n if batch == "full" else int(batch) for batch in spec.batch_size]
    if len(set(sizes)) < len(sizes):
        what = f"full means {n} examples here, and {n} is listed too; leave one out"
        raise SpecError(spec.source, [spec.problem("batch_size", what)])
    recipes: dict[Setting, Recipe] = {}
    for architecture, optimizer, batch in product(
        spec.architectures, spec.optimizer, spec.batch_size
    ):
        batch_size = n if batch == "full" else int(batch)
        steps = spec.steps if spec.steps is not None else (spec.epochs or 1) * (n // batch_size)
        recipes[architecture, optimizer, batch] = Recipe(
            dataset=split.name,
            data=split.content_hash,
            train_examples=n,
            layer_sizes=(features, *architecture, outputs),
            loss=spec.loss,
            output=spec.output,
            optimizer=optimizer,
            hyperparameters=_hyperparameters(spec, optimizer),
            schedule=spec.schedule,
            warmup_steps=spec.warmup_steps,
            batch_size=batch_size,
            steps=steps,
            records=spec.records,
            target_loss=spec.target_loss,
            dtype=spec.dtype,
            save_weights=spec.save_weights,
        )
    return recipes


def _grid(spec: Spec, split: Split) -> Iterator[Run]:
    recipes = recipes_of(spec, split)
    for architecture, activation, initialization, optimizer in product(
        spec.architectures, spec.activation, spec.initialization, spec.optimizer
    ):
        rates = spec.rates_of(activation)
        for rate, batch, seed in product(rates, spec.batch_size, spec.seeds):
            recipe = recipes[architecture, optimizer, batch]
            yield Run(recipe, activation, initialization, rate, seed)


def _hyperparameters(spec: Spec, optimizer: str) -> tuple[tuple[str, float], ...]:
    values = dict(OPTIMIZERS[optimizer].hyperparameters)
    for name in values:
        given = getattr(spec, name, None)
        if given is not None:
            values[name] = float(given)
    values["weight_decay"] = float(spec.weight_decay or 0.0)
    return tuple(sorted(values.items()))


# ------------------------------------------------------------------ stacks

CACHES = 8
"""How many second-level caches of a core a stack's working set is to take: parameters, gradients,
optimizer state and one batch; more where eight runs are more.

Measured over stacks of 64 runs. Where the cache has 512 KiB, a step took 9 % less time than with
twice as much (ten shapes); where it has 1 MiB, 8 % less than with half as much, and 2 % less than
with ten (sixteen). With less, Python's own cost shows.
"""
CACHED_BYTES = 4 * 2**20, 8 * 2**20
"""What that was measured for: the least and the most."""
STACK_BYTES = 2**30
"""What a stack may take where the cache holds none of its runs."""
PROBE_BYTES = 32 * 2**20
"""What a record works on at a time."""
LARGEST_STACK = 64
SMALLEST_STACK = 8
"""Below, Python's own cost a step shows."""
FEWEST_RUNS = 4
"""A stack may be cut down to so many so that every worker has one,"""
ENOUGH_RUNS, TURNS = 16, 4
"""and to so many so that every worker has so many turns: one that is slower then has fewer of them,
instead of keeping all others waiting for its last."""


def run_bytes(recipe: Recipe, *, keep_z: bool = False) -> int:
    """Bytes that one run of a stack works on in a step; `keep_z` as for its `Buffers`."""
    sizes = recipe.layer_sizes
    copies = 2 + OPTIMIZERS[recipe.optimizer].slots
    fed = sizes[0] + 1 + sizes[-1]
    example = buffer_items(sizes, keep_z=keep_z) + fed
    items = copies * count_parameters(sizes) + example * recipe.batch_size
    return items * np.dtype(recipe.dtype).itemsize


def probe_bytes(recipe: Recipe) -> int:
    """Bytes that a record of one run works on, whatever its activation."""
    sizes = recipe.layer_sizes
    example = buffer_items(sizes, keep_z=True, keep_slopes=True)
    items = count_parameters(sizes) + example * min(PROBE_EXAMPLES, recipe.train_examples)
    return items * np.dtype(recipe.dtype).itemsize


def runs_measured_at_once(recipe: Recipe) -> int:
    """How many runs of a stack share the working memory of a record."""
    return max(1, PROBE_BYTES // probe_bytes(recipe))


def largest_stack(recipe: Recipe) -> int:
    """How many runs train best in lock-step: as many as the cache holds, 8 to 64; fewer than 8 of
    nets so large that eight would fill the memory (and hide Python's own cost anyway).
    """
    one = run_bytes(recipe)
    fewest = max(1, min(SMALLEST_STACK, STACK_BYTES // one))
    least, most = CACHED_BYTES
    cached = min(max(least, CACHES * second_level_cache()), most)
    return int(min(LARGEST_STACK, max(fewest, cached // one)))


def make_stacks(runs: Iterable[Run], jobs: int) -> list[Stack]:
    """Group `runs` into stacks for `jobs` workers, the longest first.

    Within a stack runs are sorted by activation, then initialization and rate, seeds innermost, so
    that runs of one seed can share their batches. A group is cut into equal parts: at least one a
    worker, as far as that leaves stacks worth having, so that no core waits for a long last one.
    """
    groups: dict[Recipe, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.recipe, []).append(run)
    stacks: list[Stack] = []
    whole = {
        recipe: math.ceil(len(all_) / largest_stack(recipe)) for recipe, all_ in groups.items()
    }
    finer = math.ceil(TURNS * jobs / max(1, sum(whole.values()))) if jobs > 1 else 1
    for recipe, members in groups.items():
        members.sort(key=_stack_order)
        parts = max(whole[recipe], min(finer * whole[recipe], len(members) // ENOUGH_RUNS))
        parts = max(parts, min(jobs, len(members) // FEWEST_RUNS))
        if parts > 1 and parts % jobs:
            parts = min(parts + jobs - parts % jobs, len(members))
        cut = _cut(members, parts, largest_stack(recipe))
        stacks.extend(Stack(recipe, tuple(part)) for part in cut)
    stacks.sort(key=lambda stack: -stack.work)
    return stacks


def _stack_order(run: Run) -> tuple[str, str, float, int]:
    return (run.activation, run.initialization, run.learning_rate, run.seed)


def _cut(members: Sequence[Run], parts: int, largest: int) -> Iterator[Sequence[Run]]:
    """`members` in `parts` or a few more nearly equal slices of `largest` at most.

    Where it can be, cuts fall between whole rounds of seeds.
    """
    round_length = shared_streams([run.seed for run in members])
    rounds = len(members) // round_length
    if rounds < parts or round_length > largest:
        round_length, rounds = 1, len(members)
    parts = max(parts, math.ceil(rounds / (largest // round_length)))
    bounds = [rounds * i // parts * round_length for i in range(parts + 1)]
    for start, stop in pairwise(bounds):
        if stop > start:
            yield members[start:stop]


def shared_streams(seeds: Sequence[int]) -> int:
    """The length of the round of seeds that repeats: [0, 1, 0, 1] -> 2; all of them if none."""
    length = seeds.index(seeds[0], 1) if seeds[0] in seeds[1:] else len(seeds)
    if len(seeds) % length or len(set(seeds[:length])) < length:
        return len(seeds)
    regular = all(seed == seeds[i % length] for i, seed in enumerate(seeds))
    return length if regular else len(seeds)
