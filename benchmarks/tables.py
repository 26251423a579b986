"""Measurements as Markdown: the cases, their geometric means, the goals, the jobs, the growth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from cases import GOALS, Goal
from contenders import CONTENDERS
from records import DEFAULT_RECORDS, SHARE
from work import Case

Row = dict[str, Any]


def geometric_mean(values: Iterable[float]) -> float:
    """The exponential of the mean logarithm; NaN of nothing."""
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def case_table(rows: Sequence[Row]) -> list[str]:
    """Microseconds a step and run, and in brackets how many times nnlab's that is."""
    names = [name for name in CONTENDERS if any(name in row["microseconds"] for row in rows)]
    head = ["case", *(CONTENDERS[name].title for name in names)]
    body = []
    for row in rows:
        cells = [row["case"]]
        for name in names:
            if name not in row["microseconds"]:
                cells.append("")
                continue
            text = f"{row['microseconds'][name]:.3g}"
            if name != "nnlab":
                ratio = row["ratio"][name]
                text += f" ({1 / ratio if name in ('products', 'bandwidth') else ratio:.2f})"
            cells.append(f"{text} ±{row['spread'][name] / 2:.0%}")
        body.append(cells)
    means = ["geometric mean", ""]
    for name in names[1:]:
        ratios = [row["ratio"][name] for row in rows if name in row["ratio"]]
        mean = geometric_mean(ratios)
        means.append(f"({1 / mean if name in ('products', 'bandwidth') else mean:.2f})")
    return _lines(head, [*body, means])


def agreement_lines(rows: Sequence[Row]) -> list[str]:
    """Where losses after 20 steps differ from nnlab's by more than 1e-4."""
    lines = []
    for row in rows:
        for name, each in row["disagreement"].items():
            if each["off"]:
                left = "; not timed" if name in row["wrong"] else ""
                lines.append(
                    f"- {row['case']}, {CONTENDERS[name].title}: {each['off']} of {each['runs']} "
                    f"runs differ, by up to {each['largest']:.1e}, median "
                    f"{each['median']:.1e}{left}"
                )
    if lines:
        return lines
    compared = any(row["disagreement"] for row in rows)
    return ["After 20 steps all losses agree to 1e-4."] if compared else []


def case_of(row: Row) -> Case:
    """The case that a row was measured on."""
    return Case(**{name: row[name] for name in Case.__dataclass_fields__})


def goal_ratio(goal: Goal, rows: Sequence[Row]) -> tuple[float, int]:
    """The ratio that a goal looks at, and over how many cases; NaN over none."""
    ratios = [
        row["ratio"][goal.contender]
        for row in rows
        if goal.contender in row["ratio"] and goal.cases(case_of(row))
    ]
    if not ratios:
        return math.nan, 0
    return (min(ratios) if goal.worst else geometric_mean(ratios)), len(ratios)


def goal_table(rows: Sequence[Row]) -> list[str]:
    """What was aimed at, what was found."""
    body = []
    for goal in GOALS:
        ratio, count = goal_ratio(goal, rows)
        kind = "worst of" if goal.worst else "mean of"
        if count:
            verdict = "yes" if goal.met(ratio) else "no"
            body.append([goal.says, f"{ratio:.2f}", f"{kind} {count}", verdict])
        else:
            body.append([goal.says, "", "not measured", ""])
    return _lines(["goal", "found", "cases", "met"], body)


def job_table(jobs: Sequence[Row]) -> list[str]:
    """Seconds of whole jobs."""
    names = list(dict.fromkeys(name for job in jobs for name in job["seconds"]))
    body = [
        [job["job"], str(job["runs"]), *(
            f"{job['seconds'][name]:.1f}" if name in job["seconds"] else "" for name in names
        )]
        for job in jobs
    ]  # fmt: skip
    means = {
        name: geometric_mean(job["ratio"][name] for job in jobs)
        for name in jobs[0]["ratio"]
        if name != "nnlab"
    }
    multiples = [f"{means[name]:.2f} times nnlab" if name in means else "" for name in names]
    body.append(["geometric mean", "", *multiples])
    differences = [
        f"- {job['job']}: final training losses differ by {job['difference']:.1e} in the median"
        for job in jobs if job["difference"] is not None
    ]  # fmt: skip
    return [*_lines(["whole job, seconds", "runs", *names], body), "", *differences]


def all_cores_cases_table(rows: Sequence[Row]) -> list[str]:
    """Microseconds a step and run by the clock, and in brackets the multiple of nnlab's."""
    if not rows:
        return []
    titles = {"nnlab": "nnlab", "jax": "JAX as it comes", "split": "JAX split by hand"}
    body = [
        [row["case"], *(
            f"{row['microseconds'][way]:.3g} ({row['ratio'][way]:.2f})"
            if way in row["ratio"] else "" for way in titles
        )]
        for row in rows
    ]  # fmt: skip
    means = ["geometric mean"]
    for way in titles:
        ratios = [row["ratio"][way] for row in rows if way in row["ratio"]]
        means.append(f"({geometric_mean(ratios):.2f}) of {len(ratios)}" if ratios else "")
    return _lines(["case, all cores", *titles.values()], [*body, means])


def records_table(rows: Sequence[Row]) -> list[str]:
    """What a record costs, and from how many steps on the default's records are a small share."""
    body = [
        [row["net"], str(row["batch"]), f"{row['step_microseconds']:.0f}",
         f"{row['record_microseconds']:,.0f}", f"{row['record_in_steps']:.1f}",
         f"{row['steps_for_the_share']:,.0f}"]
        for row in rows
    ]  # fmt: skip
    head = ["net", "batch", "µs a step and run", "µs a record and run", "a record in steps",
            f"steps from which {DEFAULT_RECORDS} records add {SHARE:.0%}"]  # fmt: skip
    return _lines(head, body)


def growth_table(growth: Sequence[Row]) -> list[str]:
    """Time a step and memory against what grows."""
    body = [
        [row["axis"], str(row["value"]), f"{row['step_microseconds']:.0f}",
         f"{row['run_microseconds']:.1f}", f"{row['megabytes']:.1f}"]
        for row in growth
    ]  # fmt: skip
    return _lines(["axis", "value", "µs a step", "µs a step and run", "MB"], body)
