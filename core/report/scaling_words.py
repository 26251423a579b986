"""What a study of learning rate against batch size says, in words and tables."""

from __future__ import annotations

from collections.abc import Mapping

from nnlab.core.analysis.pairs import finite_part
from nnlab.core.analysis.scaling import Scaling
from nnlab.core.report.table import Table
from nnlab.core.report.wording import fixed, short

LITTLE = 1.1
"""A doubling that asks for less than this factor asks for nothing."""


def exponent_words(scaling: Scaling) -> str:
    """`exponent 0.54 [0.51, 0.57]`: the seeds' mean with its interval."""
    kept, _ = finite_part(scaling.seed_exponents())
    if not kept.size:
        return f"exponent {fixed(scaling.exponent(), 2)}"
    interval = scaling.exponent_interval()
    text = f"exponent {fixed(interval.estimate, 2)}"
    if interval.n < 2:
        return text
    return f"{text} [{fixed(interval.low, 2)}, {fixed(interval.high, 2)}]"


def advice(scaling: Scaling, where: str) -> tuple[str, ...]:
    """What to do when the batch size changes; `where` it was measured, in words."""
    kept = scaling.kept_from
    moves = []
    for small, large, _, factor in scaling.doublings():
        if kept is not None and small >= kept:
            break
        if factor > LITTLE:
            move = f"multiply by {short(factor, 2)}"
        elif factor < 1 / LITTLE:
            move = f"divide by {short(1 / factor, 2)}"
        else:
            move = "keep it"
        moves.append(f"from batch {small} to {large}: {move}")
    if kept is not None:
        moves.append(f"beyond {kept} keep it")
    if not moves:
        return ()
    return (f"What to do with the rate: {'; '.join(moves)}. Measured here, for {where}.",)


def law_words(scaling: Scaling) -> str:
    """Which law fits better, and where it bends."""
    power, bent, steps = scaling.power, scaling.saturating, scaling.hyperbola
    if power is None or bent is None or steps is None:
        return "Too few batch sizes for a law: it takes three."
    errors = f"{100 * bent.error:.0f} % against {100 * power.error:.0f}"
    better = bent.error < power.error and bent.resolved
    if better:
        text = (
            f"The saturating law lr = {short(bent.scale, 2)} / (1 + {short(bent.bend, 2)}/B) fits "
            f"better than a power law (typical error {errors} %)"
        )
    else:
        text = (
            "A power law fits the best rates no worse than a law that saturates (typical error "
            f"{100 * power.error:.0f} % against {100 * bent.error:.0f} %)"
        )
    if steps.resolved:
        text += (
            f". The steps follow {short(steps.scale, 2)} (1 + {short(steps.bend, 2)}/B): beyond a "
            f"batch of about {short(steps.bend, 2)} more examples a step save few steps"
        )
    return f"{text}."


def batch_table(scaling: Scaling, cost: str = "steps") -> Table:
    """One row a batch size: best rate, cost, examples, where divergence begins, lost trials."""
    rows = []
    for optimum in scaling.optima:
        own = [rate for rate, _ in optimum.by_seed.values()]
        kept, _ = finite_part(own)
        rows.append(
            (
                str(optimum.batch_size),
                short(optimum.rate, 3) + (" (edge)" if optimum.at_edge else ""),
                f"{short(float(kept.min()), 2)} to {short(float(kept.max()), 2)}"
                if kept.size
                else "–",
                short(optimum.cost, 3),
                short(optimum.cost * optimum.batch_size, 3) if cost == "steps" else "–",
                short(optimum.largest_stable, 2),
                f"{optimum.lost} of {optimum.trials}",
            )
        )
    rows += [(str(batch), "–", "–", "not reached", "–", "–", "–") for batch in scaling.unreached]
    return Table(
        ("batch size", "best rate", "seeds' own", f"{cost} at the best rate", "examples",
         "no divergence up to", "lost"),
        tuple(rows),
        note="Best rate: vertex of the parabola through the medians. No divergence up to: the "
        "largest rate tried at which, and below which, no run diverged. Lost: runs of the fine "
        "grid that diverged or did not get to the target in four times the best steps.",
    )  # fmt: skip


def exponent_table(studies: Mapping[str, Scaling]) -> Table:
    """One row a way to train: exponents, laws, critical batch size."""
    rows = []
    heads: tuple[str, ...] = ()
    for name, scaling in studies.items():
        ranges = scaling.ranges
        heads = heads or tuple(f"{each[0]} to {each[-1]}" for each in ranges)
        power, bent, steps = scaling.power, scaling.saturating, scaling.hyperbola
        locals_ = [_with_interval(scaling, each) for each in ranges]
        locals_ += ["–"] * (3 - len(locals_))
        rows.append(
            (
                name, _with_interval(scaling, None), *locals_,
                "–" if power is None else f"{100 * power.error:.0f} %",
                "–" if bent is None else f"{100 * bent.error:.0f} %",
                "–" if bent is None or not bent.resolved else short(bent.bend, 2),
                "–" if steps is None or not steps.resolved else short(steps.bend, 2),
                "–" if steps is None or not steps.resolved else short(steps.scale, 2),
            )
        )  # fmt: skip
    return Table(
        ("", "exponent", *(heads or ("first third", "second", "last")), "error of the power law",
         "of the saturating", "B_0", "B_crit", "S_min"),
        tuple(rows),
        note="Exponent of the best rate over the batch size, over all and over three ranges: means "
        "of the seeds' own with 95 % t-intervals. Errors: typical, in per cent of "
        "the rate. B_0: the bend of the saturating law; B_crit, S_min: of the steps.",
    )  # fmt: skip


def _with_interval(scaling: Scaling, batch_sizes: tuple[int, ...] | None) -> str:
    kept, _ = finite_part(scaling.seed_exponents(batch_sizes))
    if not kept.size:
        return "–"
    interval = scaling.exponent_interval(batch_sizes)
    text = fixed(interval.estimate, 2)
    if interval.n < 2:
        return text
    return f"{text} [{fixed(interval.low, 2)}, {fixed(interval.high, 2)}]"
