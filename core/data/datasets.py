"""The data sets that come along: one row each, with everything a spec is checked against.

Importing this room loads no data and no scikit-learn; a row's `load` does. The numbers of
examples, features and classes are known beforehand, so that a batch larger than the training part
or a softmax on a regression is found before anything is computed.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from nnlab.core.data import generated
from nnlab.core.data.builtin import BuiltIn, Option
from nnlab.core.data.generated import Arrays


def _from_sklearn(loader: str) -> Arrays:
    """One of scikit-learn's bundled sets; classification when it names its classes."""
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, loader)()
    features = tuple(str(name) for name in bunch.feature_names)
    if "target_names" not in bunch:
        return Arrays(bunch.data, bunch.target.astype(np.float64)[:, None], features)
    classes = tuple(str(name) for name in bunch.target_names)
    return Arrays(bunch.data.astype(np.float64), bunch.target.astype(np.int64), features, classes)


def _n(default: int) -> Option:
    return Option(default, 4, 1_000_000, int, "number of examples")


def _noise(default: float, of: str = "features") -> Option:
    return Option(default, 0, 10, float, f"standard deviation of the noise on the {of}")


_SEED = Option(0, 0, 2**32 - 1, int, "seed of the generator; not the seed of a run")

_ROWS = (
    BuiltIn(
        name="digits",
        task="classification",
        n=1797,
        features=64,
        classes=10,
        description="handwritten digits, 8 x 8 pixels of 0 to 16",
        source="Alpaydin and Kaynak, UCI Machine Learning Repository, 1998 (its test part)",
        make=partial(_from_sklearn, "load_digits"),
    ),
    BuiltIn(
        name="iris",
        task="classification",
        n=150,
        features=4,
        classes=3,
        description="three species of iris by the sizes of their leaves, in cm",
        source="Fisher, The use of multiple measurements in taxonomic problems, 1936",
        make=partial(_from_sklearn, "load_iris"),
    ),
    BuiltIn(
        name="wine",
        task="classification",
        n=178,
        features=13,
        classes=3,
        description="three growers of wine by chemical analysis",
        source="Aeberhard and Forina, UCI Machine Learning Repository, 1991",
        make=partial(_from_sklearn, "load_wine"),
    ),
    BuiltIn(
        name="breast_cancer",
        task="classification",
        n=569,
        features=30,
        classes=2,
        description="malignant or benign, by measurements of cell nuclei",
        source="Wolberg, Mangasarian, Street and Street, UCI Machine Learning Repository, 1995",
        make=partial(_from_sklearn, "load_breast_cancer"),
    ),
    BuiltIn(
        name="diabetes",
        task="regression",
        n=442,
        features=10,
        classes=0,
        description="progress of diabetes after a year, by ten measurements at the start",
        source="Efron, Hastie, Johnstone and Tibshirani, Least angle regression, 2004",
        make=partial(_from_sklearn, "load_diabetes"),
    ),
    BuiltIn(
        name="moons",
        task="classification",
        n=1000,
        features=2,
        classes=2,
        description="two interleaved half circles",
        source="scikit-learn, make_moons",
        make=generated.moons,
        options={"n": _n(1000), "noise": _noise(0.2), "seed": _SEED},
    ),
    BuiltIn(
        name="circles",
        task="classification",
        n=1000,
        features=2,
        classes=2,
        description="a circle inside a circle",
        source="scikit-learn, make_circles",
        make=generated.circles,
        options={
            "n": _n(1000),
            "noise": _noise(0.1),
            "factor": Option(0.5, 0, 0.99, float, "radius of the inner circle (the outer is 1)"),
            "seed": _SEED,
        },
    ),
    BuiltIn(
        name="blobs",
        task="classification",
        n=1000,
        features=2,
        classes=3,
        description="round clouds about random centres",
        source="scikit-learn, make_blobs",
        make=generated.blobs,
        options={
            "n": _n(1000),
            "classes": Option(3, 2, 100, int, "number of clouds"),
            "features": Option(2, 1, 64, int, "number of dimensions"),
            "spread": Option(1.0, 0, 100, float, "standard deviation of a cloud"),
            "seed": _SEED,
        },
    ),
    BuiltIn(
        name="xor",
        task="classification",
        n=1000,
        features=2,
        classes=2,
        description="do the signs of two numbers differ?",
        source="Minsky and Papert, Perceptrons, 1969",
        make=generated.xor,
        options={"n": _n(1000), "noise": _noise(0.05), "seed": _SEED},
    ),
    BuiltIn(
        name="spirals",
        task="classification",
        n=1000,
        features=2,
        classes=2,
        description="intertwined spiral arms",
        source="Lang and Witbrock, Learning to tell two spirals apart, 1988",
        make=generated.spirals,
        options={
            "n": _n(1000),
            "classes": Option(2, 2, 10, int, "number of arms"),
            "turns": Option(1.5, 0, 10, float, "how often an arm winds about the centre"),
            "noise": _noise(0.03),
            "seed": _SEED,
        },
    ),
    BuiltIn(
        name="sine",
        task="regression",
        n=1000,
        features=1,
        classes=0,
        description="a sine curve over [-1, 1]",
        source="y = sin(2 pi periods x) + noise",
        make=generated.sine,
        options={
            "n": _n(1000),
            "noise": _noise(0.1, of="target"),
            "periods": Option(1.0, 0.1, 100, float, "waves in a unit of x"),
            "seed": _SEED,
        },
    ),
)

DATASETS: dict[str, BuiltIn] = {row.name: row for row in _ROWS}
"""Every data set that comes along, by the name that a spec uses."""
