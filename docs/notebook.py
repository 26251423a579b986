# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # nnlab from a notebook
#
# The same study as on the command line, with its tables as polars frames and its pictures as
# matplotlib figures. This file is a notebook in the percent format: VS Code, PyCharm and Spyder run
# it cell by cell, `jupytext --to ipynb notebook.py` makes an `.ipynb` of it, and
# `python notebook.py` runs it whole. It takes about ten seconds.

# %%
import polars as pl

from nnlab.configs import shipped
from nnlab.core import Settings, figures, load_results, load_spec, make_spec, run

# %% [markdown]
# ## What to run
#
# A spec from Python takes the keys of a YAML file; a list makes a grid. A spec of a file, such as
# one that ships, is loaded with the overrides that `-s` takes.

# %%
spec = make_spec(
    name="notebook",
    description="Which activation separates two moons?",
    dataset={"name": "moons", "n": 400, "noise": 0.2},
    activation=["relu", "tanh", "sigmoid"],
    hidden_layer_sizes=[16, 16],
    learning_rate=0.1,
    epochs=10,
    seeds=6,
    target_loss=0.3,
)
spec.n_runs

# %%
shipped_spec = load_spec(shipped()["quickstart"], overrides=["seeds=5"])
shipped_spec.activation, shipped_spec.n_runs

# %% [markdown]
# ## Running it
#
# Runs that are stored already are read, not trained again: a second time this cell takes no time.
# One process is enough for nets so small; leave `jobs` out for as many as there are cores.

# %%
settings = Settings(jobs=1)
results = run(spec, settings)
results.counts

# %% [markdown]
# What was trained before, by whatever command, is opened by its folder.

# %%
results = load_results(settings.results / "notebook")
results.folder, results.report

# %% [markdown]
# ## Tables
#
# `runs` has a row a run. `curves` (a row a run and moment) and `layers` (a row a run, moment and
# layer) are lazy: of a large grid only what a query asks for is read.

# %%
results.runs.group_by("activation", maintain_order=True).agg(
    pl.col("test_accuracy").mean(),
    pl.col("steps_to_target").median(),
    runs=pl.len(),
)

# %%
at_start = (
    results.layers.filter(pl.col("step") == 0)
    .join(results.runs.lazy().select("run", "activation"), on="run")
    .group_by("activation", "layer")
    .agg(pl.col("gradient_norm").mean())
    .sort("activation", "layer")
    .collect()
)
at_start

# %% [markdown]
# NumPy and pandas have their doors: `to_numpy` is polars' own, and so is `to_pandas`, for which
# pandas and pyarrow must be there.

# %%
accuracies = results.runs.get_column("test_accuracy").to_numpy()
accuracies.mean(), accuracies.std(ddof=1)

# %%
try:
    table = results.runs.to_pandas()
except ModuleNotFoundError:
    table = None  # neither is needed otherwise
table

# %% [markdown]
# ## Pictures
#
# Those of the report, by the names they have under `figures/`, each a matplotlib figure: to be
# shown, saved or drawn on.

# %%
pictures = figures(results)
sorted(pictures)

# %%
figure = pictures["learning_curves"]
figure.suptitle("Two moons, six seeds")
figure.savefig("learning_curves.png", dpi=150)
figure

# %% [markdown]
# ## A comparison
#
# Runs of one seed share the split, the batches and the underlying draw of the first weights, so
# activations are compared in pairs, each with the first one named. A ratio or a difference comes
# with a 95 % interval; a difference is clear when its p-value, adjusted by Holm over all tests of
# the comparison, is at most 0.05.

# %%
from nnlab.core.analysis.comparison import compare_activations

comparison = compare_activations(results.runs, results.layers, spec.target_loss)
differences = pl.DataFrame(
    {
        "activation": contrast.activation,
        "against": contrast.baseline,
        "measure": contrast.measure.words,
        "as": "ratio" if contrast.measure.scale == "log" else "difference",
        "estimate": contrast.interval.estimate,
        "low": contrast.interval.low,
        "high": contrast.interval.high,
        "pairs": contrast.pairs,
        "clear": contrast.clear,
    }
    for contrast in comparison.contrasts
    if contrast.interval is not None
)
differences
