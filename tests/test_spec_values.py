"""Values that a spec refuses, one by one: what is said, where, and that the JSON Schema agrees."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from nnlab.core.errors import SpecError
from nnlab.core.spec import json_schema, parse_spec
from nnlab.core.spec.reader import read

# The line of the spec, the column of the problem, a part of the message.
VALUES = [
    # numbers
    ("batch_size: '32'", 13, "batch_size: expected a whole number of at least 1, or full, got '32' "
     "(text): leave out the quotes"),
    ("batch_size: 0", 13, "of at least 1, or full, got 0"),
    ("batch_size: 010", 13, "got '010' (text): write 10 without leading zeros"),
    ("batch_size: 32.0", 13, "got 32.0: write 32"),
    ("batch_size: 1_000", 13, "got '1_000' (text): write 1000"),
    ("batch_size: 0x20", 13, "got '0x20' (text)"),
    ("batch_size: Full", 13, "got 'Full' (text)"),
    ("batch_size: 2000000000", 13, "got 2000000000: the most is 1000000000"),
    ("batch_size: [8, {}]", 17, "batch_size, item 2: expected a whole number"),
    ("batch_size: []", 13, "batch_size: the list is empty"),
    ("batch_size: 8,16", 13, "'8,16' is one text of 2 values; a list is written in brackets: [8, "),
    ("seeds: true", 8, "seeds: expected a whole number from 1 to 100000, got true"),
    ("seeds: 0", 8, "got 0: the seed 0 alone is 'seeds: 1'"),
    ("seeds: [1, -1]", 12, "item 2: expected a whole number from 0 to 4294967295, got -1"),
    ("seeds: 1e3", 8, "got 1000.0: write 1000"),
    ("seeds: 2024-01-01", 8, "got '2024-01-01' (text)"),
    ("seeds: [1, 2, 1]", 15, "seeds, item 3: 1 is given twice: it is item 1 already"),
    ("records: 1", 10, "records: expected a whole number from 2 to 100000, got 1"),
    ("epochs: 1:30", 9, "epochs: expected a whole number of at least 1, got '1:30' (text)"),
    ("epochs: 0", 9, "got 0"),
    ("split_seed: -1", 13, "split_seed: expected a whole number from 0 to 4294967295, got -1"),
    ("learning_rate: 0", 16, "learning_rate: expected a number above 0, got 0"),
    ("learning_rate: -.1", 16, "got -0.1"),
    ("learning_rate: .inf", 16, "expected a number above 0, got .inf, which is not finite"),
    ("learning_rate: .nan", 16, "got .nan, which is not finite"),
    ("learning_rate: 1e999", 16, "got .inf, which is not finite"),
    ("learning_rate: 1e-40", 16, "1e-40 is outside 1e-30 to 1e+30, where float32 computes"),
    ("learning_rate: '1e-3'", 16, "got '1e-3' (text): leave out the quotes"),
    ("learning_rate: 0,1", 16, "write a decimal point, or a list in brackets"),
    ("learning_rate: true", 16, "expected a number above 0, got true"),
    ("learning_rate: null", 16, "got nothing (null): give a value, or leave the line out"),
    ("learning_rate:", 15, "got nothing (null): give a value, or leave the line out"),
    ("learning_rate: [0.1, 1e-1]", 22, "learning_rate, item 2: 0.1 is given twice: it is item 1"),
    ("learning_rate: [[0.1]]", 17, "learning_rate, item 1: expected a number above 0, got a list"),
    ("learning_rate: {from: 1, to: 2}", 16, "log-spaced rates are written {from: 0.001, to:"),
    ("learning_rate: {from: 1, to: 2, num: 1}", 38, "learning_rate, num: expected a whole number "),
    ("learning_rate: {from: 2, to: 1, num: 3}", 23, "from (2) must be below to (1)"),
    ("learning_rate: {from: 1, to: 1.00001, num: 99}", 44, "99 rates from 1 to 1.00001 cannot be"),
    ("test_fraction: 1", 16, "test_fraction: expected a number of at least 0 and below 1, got 1"),
    ("test_fraction: -0.1", 16, "of at least 0 and below 1, got -0.1"),
    ("optimizer: adam\nbeta1: 1", 8, "beta1: expected a number of at least 0 and below 1, got 1"),
    ("optimizer: adam\nepsilon: 0", 10, "epsilon: expected a number above 0, got 0"),
    ("weight_decay: -1", 15, "weight_decay: expected a number of at least 0, got -1"),
    ("target_loss: 0", 14, "target_loss: expected a number above 0, got 0"),
    # booleans
    ("standardize: no", 14, "expected true or false, got 'no' (text): write false"),
    ("standardize: On", 14, "got 'On' (text): write true"),
    ("save_weights: 1", 15, "save_weights: expected true or false, got 1: write true"),
    ("save_weights: maybe", 15, "expected true or false, got 'maybe' (text)"),
    # names
    ("activation: rleu", 13, "unknown activation 'rleu'; did you mean 'relu'? Allowed: relu, lea"),
    ("activation: [relu, tanh, Tnah]", 26, "activation, item 3: unknown activation 'Tnah'; did"),
    ("activation: relu,tanh", 13, "'relu,tanh' is one text of 2 values; a list is written in bra"),
    ("activation: relu,tahn", 13, "Allowed: "),
    ("activation: relu,tahn", 13, "; a list is written in brackets: [a, b]"),
    ("seeds: 1, 2", 8, "'1, 2' is one text of 2 values; a list is written in brackets: [1, 2]"),
    ("hidden_layer_sizes: 8,4", 21, "a list is written in brackets: [8, 4]"),
    ("learning_rate: 0,1", 16, "write a decimal point, or a list in brackets"),
    ("activation: [swish, silu]", 21, "'silu' is given twice: it is item 1 already as 'swish'"),
    ("activation: relu:0.1", 13, "activation 'relu' takes no parameter"),
    ("activation: leaky_relu:2", 13, "must be a number from 0 to 1, not '2'"),
    ("activation: leaky_relu:x", 13, "must be a number from 0 to 1, not 'x'"),
    ("activation: [{leaky_relu: 0.2}]", 14, "no space behind the colon: leaky_relu:0.2"),
    ("activation: 'leaky_relu: 0.2'", 13, "has a space in it; a parameter follows as in leaky_rel"),
    ("activation: true", 13, "activation: expected one of relu, leaky_relu, "),
    ("activation: {a: 1, b: 2}", 13, "got a mapping"),
    ("activation: " + "x" * 200, 13, "is no activation: 200 characters"),
    ("initialization: hee", 17, "unknown initialization 'hee'; did you mean 'he'? Allowed: auto,"),
    ("initialization: normal:-1", 17, "must be a number from 1e-12 to 100, not '-1'"),
    ("initialization: [normal, 'normal:0.01']", 26, "'normal:0.01' is given twice"),
    ("loss: cross-entropy", 7, "unknown loss 'cross-entropy'; did you mean 'cross_entropy'? Allow"),
    ("output: softmx", 9, "unknown output 'softmx'; did you mean 'softmax'? Allowed: softmax, "),
    ("optimizer: Adam", 12, "unknown optimizer 'Adam'; did you mean 'adam'? Allowed: sgd, "),
    ("optimizer: 3", 12, "optimizer: expected one of sgd, momentum, "),
    ("schedule: cos", 11, "unknown schedule 'cos'; did you mean 'cosine'? Allowed: constant, "),
    ("dtype: float16", 8, "unknown dtype 'float16'; did you mean 'float64'? Allowed: float32"),
    ("description: 3", 14, "description: expected text, got 3: put it in quotes"),
    ("description: [a]", 14, "description: expected text, got a list"),
    (r'description: "\e[31m"', 14, "the character U+001B is not allowed here"),
    (r'description: "\ud800"', 14, "the character U+D800 is not allowed here"),
    # hidden layers
    ("hidden_layer_sizes: 64", 21, "expected a list of widths such as [64, 64], got 64: one hidden "
     "layer is written [64]"),
    ("hidden_layer_sizes: []", 21, "the list is empty: at least one hidden layer is needed"),
    ("hidden_layer_sizes: [[]]", 22, "hidden_layer_sizes, item 1: the list is empty"),
    ("hidden_layer_sizes: [64, 0]", 26, "item 2: expected a whole number of at least 1, got 0"),
    ("hidden_layer_sizes: [[4, 4], [4, x]]", 34, "hidden_layer_sizes, item 2, item 2: expected a "),
    ("hidden_layer_sizes: [[4], 4]", 27, "either widths, [64, 64], or a list of such lists"),
    ("hidden_layer_sizes: [[4], [4]]", 27, "[4] is given twice: it is item 1 already"),
    ("hidden_layer_sizes: large", 21, "expected a list of widths such as [64, 64], got 'large'"),
    ("depth: 0", 8, "depth: expected a whole number from 1 to 1000, got 0"),
    ("width: [8, 8]", 12, "8 is given twice"),
    # data sets
    ("dataset: digts", 10, "unknown data set 'digts'; did you mean 'digits'? Allowed: digits, "),
    ("dataset: 3", 10, "expected the name of a data set, or {name: spirals, n: 500}, {csv: FILE"),
    ("dataset: {}", 10, "a data set is a name, {name: spirals, n: 500}, {csv: FILE"),
    ("dataset: {name: 3}", 17, "dataset, name: expected one of digits, iris, "),
    ("dataset: {name: digits, n: 5}", 25, "dataset: 'digits' has no options; remove 'n'"),
    ("dataset: {name: moons, nois: 0}", 24, "unknown option of 'moons' 'nois'; did you mean 'no"),
    ("dataset: {name: moons, n: 1.5}", 27, "dataset, n: expected a whole number from 4 to 100000"),
    ("dataset: {name: moons, noise: x}", 31, "dataset, noise: expected a number from 0 to 10, not"),
    ("dataset: {name: blobs, n: 10, classes: 8}", 10, "must be at least twice the number"),
    ("dataset: {csv: a.csv}", 10, "'target' is missing: {csv: FILE, target: COLUMN}"),
    ("dataset: {csv: a.csv, npz: b}", 23, "'csv' and 'npz' exclude one another"),
    ("dataset: {csv: 3, target: y}", 16, "dataset, csv: expected a file name, got 3: put it in"),
    ("dataset: {csv: '', target: y}", 16, "expected a file name, got an empty text"),
    ("dataset: {csv: a, target: y, sep: x}", 30, "unknown key beside 'csv' 'sep'. Allowed: csv"),
    (r'dataset: {npz: "a\0b"}', 16, "the character U+0000 is not allowed here"),
    ("dataset: {npz: " + "x" * 5000 + "}", 16, "5000 characters are too many, the most is 4096"),
    ("dataset: {openml: a, version: 0}", 31, "version: expected a whole number of at least"),
]  # fmt: skip

# What no JSON Schema can say: it hangs on other values or on equal meaning, or JSON has no such
# number (32.0 is an integer there).
BEYOND_SCHEMA = {
    "batch_size: 32.0", "seeds: 1e3", "learning_rate: .nan",
    "learning_rate: {from: 2, to: 1, num: 3}", "learning_rate: {from: 1, to: 1.00001, num: 99}",
    "activation: [swish, silu]", "activation: leaky_relu:2", "initialization: normal:-1",
    "initialization: [normal, 'normal:0.01']", r'description: "\ud800"',
    "dataset: {name: blobs, n: 10, classes: 8}",
}  # fmt: skip

CASES = [pytest.param(*row, id=row[0][:40]) for row in VALUES]


@pytest.mark.parametrize(("text", "column", "message"), CASES)
def test_a_wrong_value_is_told_in_plain_words_and_in_place(
    text: str, column: int, message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(f"name: x\n{text}")
    (problem,) = caught.value.problems
    assert message in problem.message
    assert (problem.line, problem.column) == (1 + len(text.splitlines()), column)
    assert problem.source_line == text.splitlines()[-1][:200]
    assert problem.message.isprintable()


@pytest.mark.parametrize(("text", "column", "message"), CASES)
def test_the_json_schema_refuses_it_where_it_can(text: str, column: int, message: str) -> None:
    values = read(f"name: x\n{text}\n", "s.yaml").values
    assert Draft202012Validator(json_schema()).is_valid(values) == (text in BEYOND_SCHEMA)
