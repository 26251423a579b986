"""Laws of every spec: it survives YAML, its schema accepts it, its grid is a product."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nnlab.core.data.datasets import DATASETS
from nnlab.core.errors import Problem, SpecError
from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.nn.initializers import INITIALIZERS
from nnlab.core.nn.optimizers import OPTIMIZERS, SCHEDULES
from nnlab.core.spec import Spec, json_schema, make_spec, parse_spec
from nnlab.core.spec.axes import log_spaced
from nnlab.core.spec.reader import read
from nnlab.core.spec.writer import flow

VALIDATOR = Draft202012Validator(json_schema())

counts = st.integers(1, 10**9)
shares = st.floats(1e-30, 1, exclude_max=True) | st.just(0.0)
positive = st.floats(1e-30, 1e30)
# everything but control characters and lone surrogates, and line breaks only by \n
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)


def axes(item: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[Any]:
    return item | st.lists(item, min_size=1, max_size=most, unique=True)


@st.composite
def activations(draw: st.DrawFn) -> str:
    row = draw(st.sampled_from(list(ACTIVATIONS.values())))
    if row.parameter is None or draw(st.booleans()):
        return draw(st.sampled_from([row.name, *row.aliases]))
    # three digits: a label is short
    return f"{row.name}:{draw(st.floats(row.parameter.low, row.parameter.high)):.3g}"


@st.composite
def datasets(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from(["name", "csv", "npz", "openml"]))
    file = texts.filter(bool)
    if kind == "csv":
        left_out: Any = draw(st.just([]) | axes(file))
        return {"csv": draw(file), "target": draw(file)} | (
            {"leave_out": left_out} if left_out else {}
        )
    if kind == "npz":
        return {"npz": draw(file)}
    if kind == "openml":
        version = draw(st.none() | st.integers(1, 99))
        return {"openml": draw(file)} | ({"version": version} if version else {})
    row = draw(st.sampled_from(list(DATASETS.values())))
    chosen = draw(st.lists(st.sampled_from([*row.options, ""]), unique=True))
    values: dict[str, Any] = {"name": row.name}
    for name in chosen:
        if option := row.options.get(name):
            low, high = option.low, option.high
            whole = option.kind is int
            values[name] = draw(st.integers(int(low), int(high)) if whole else st.floats(low, high))
    return values


@st.composite
def written(draw: st.DrawFn) -> dict[str, Any]:
    """The keys of a spec as YAML gives them: mostly right by themselves, not always together."""
    optional: dict[str, st.SearchStrategy[Any]] = {
        "description": texts | st.lists(texts, max_size=4).map("\n".join),
        "dataset": datasets(),
        "test_fraction": shares,
        "split_seed": st.integers(0, 2**32 - 1),
        "standardize": st.booleans(),
        "hidden_layer_sizes": st.lists(counts, min_size=1, max_size=4)
        | st.lists(st.lists(counts, min_size=1, max_size=3), min_size=1, max_size=3),
        "width": axes(counts),
        "depth": axes(st.integers(1, 1000)),
        "activation": axes(activations()),
        "loss": st.sampled_from(["mse", "cross_entropy", "binary_cross_entropy", None]),
        "output": st.sampled_from(["identity", "softmax", "sigmoid", "relu", None]),
        "initialization": axes(st.sampled_from(["auto", "normal:0.5", *INITIALIZERS])),
        "optimizer": axes(st.sampled_from(list(OPTIMIZERS))),
        "momentum": shares,
        "beta1": shares,
        "epsilon": positive,
        "weight_decay": positive,
        "learning_rate": axes(positive)
        | st.tuples(st.floats(1e-5, 1e-2), st.floats(0.1, 10), st.integers(2, 40)).map(
            lambda row: dict(zip(("from", "to", "num"), row, strict=True))
        ),
        "schedule": st.sampled_from(list(SCHEDULES)),
        "warmup_steps": st.integers(0, 50),
        "batch_size": axes(st.integers(1, 200) | st.just("full")),
        "epochs": st.integers(1, 100),
        "steps": counts,
        "seeds": axes(st.integers(1, 100)),
        "target_loss": positive,
        "records": st.integers(2, 1000),
        "dtype": st.sampled_from(["float32", "float64"]),
        "save_weights": st.booleans(),
    }
    chosen = draw(st.lists(st.sampled_from(list(optional)), unique=True, max_size=8))
    name = draw(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,20}", fullmatch=True))
    return {"name": name} | {key: draw(optional[key]) for key in chosen}


def accepted(keys: dict[str, Any]) -> Spec | None:
    """The spec; None when it is refused, which it is in words that no terminal obeys."""
    problems: tuple[Problem, ...] = ()
    try:
        return make_spec(**keys)
    except SpecError as error:
        problems = error.problems
    assert problems
    assert all(problem.message.isprintable() for problem in problems)
    return None


@settings(max_examples=150, deadline=None)
@given(written())
def test_a_spec_survives_yaml(keys: dict[str, Any]) -> None:
    spec = accepted(keys)
    if spec is not None:
        text = spec.to_yaml()
        again = parse_spec(text, base=Path("/elsewhere"))
        assert again == spec
        assert again.to_yaml() == text


@settings(max_examples=100, deadline=None)
@given(written())
def test_the_schema_accepts_what_the_spec_accepts(keys: dict[str, Any]) -> None:
    spec = accepted(keys)
    if spec is not None:
        VALIDATOR.validate(keys)
        VALIDATOR.validate(read(spec.to_yaml(), "s.yaml").values)


@settings(max_examples=100, deadline=None)
@given(written())
def test_a_mapping_written_as_yaml_is_the_mapping(keys: dict[str, Any]) -> None:
    text = "".join(f"{key}: {flow(value)}\n" for key, value in keys.items())
    document = read(text, "s.yaml")
    assert document.values == keys
    assert document.problems == []


@given(st.lists(st.integers(1, 5), min_size=6, max_size=6))
def test_the_size_of_the_grid_is_the_product_of_its_axes(lengths: list[int]) -> None:
    a, b, c, d, e, f = lengths
    spec = make_spec(
        name="x",
        width=list(range(1, a + 1)),
        depth=list(range(1, b + 1)),
        activation=list(ACTIVATIONS)[:c],
        optimizer=list(OPTIMIZERS)[:d],
        learning_rate=[0.1 * i for i in range(1, e + 1)],
        seeds=f,
    )
    cells = product(
        spec.architectures, spec.activation, spec.optimizer, spec.learning_rate, spec.seeds
    )
    assert spec.n_runs == len(list(cells)) == a * b * c * d * e * f


@given(st.floats(1e-8, 1), st.floats(2, 1e8), st.integers(2, 200))
def test_log_spaced_rates_rise_evenly(low: float, high: float, num: int) -> None:
    rates = log_spaced(low, high, num)
    assert (len(rates), rates[0], rates[-1]) == (num, low, high)
    ratio = (high / low) ** (1 / (num - 1))
    for i, rate in enumerate(rates):
        # six digits are kept: half a unit of the sixth is 5e-6 of the smallest mantissa
        assert abs(rate / (low * ratio**i) - 1) < 5.01e-6
        assert float(f"{rate:.6g}") == rate or i in (0, num - 1)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(list(Spec.model_fields)) | texts,
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
            max_leaves=6,
        ),
        max_size=6,
    )
)
def test_any_values_make_a_spec_or_a_list_of_problems(keys: dict[str, Any]) -> None:
    accepted(keys)
