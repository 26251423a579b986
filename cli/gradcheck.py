"""`nnlab gradcheck`: backpropagation against central differences, for all that may be combined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnlab.cli import console
from nnlab.cli.options import OutputOptions
from nnlab.cli.shell_completion import complete_activation
from nnlab.core.errors import UsageError

if TYPE_CHECKING:
    from nnlab.core.nn.activations import Activation
    from nnlab.core.nn.gradcheck import GradientCheck

MOST_DEPTH = 20
"""Hidden layers; a net of so many takes seconds for each activation and loss."""


def gradcheck(
    *,
    activation: Annotated[
        list[str] | None,
        typer.Option(
            "-a",
            "--activation",
            metavar="NAME",
            help="Check this activation only, as a spec writes it. May be repeated.",
            autocompletion=complete_activation,
        ),
    ] = None,
    depth: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=MOST_DEPTH, help="Check 1 to N hidden layers."),
    ] = 5,
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="Seed of the weights and the data.")
    ] = 0,
    output: OutputOptions,
) -> None:
    """Check backpropagation against central differences.

    For every activation, loss and output that may be combined and every number of hidden layers,
    compares the gradient that training uses with (L(w + h) - L(w - h)) / 2h in float64. Shown is
    the largest relative error over the depths. The exit code is 1 if any is too large.
    """
    from nnlab.core.nn.gradcheck import check_gradients

    chosen = [_activation(name) for name in activation] if activation else None
    if not output.quiet:
        console.say(f"Nets of 1 to {depth} hidden layers, float64:")
    checks = list(check_gradients(chosen, depths=range(1, depth + 1), seed=seed))
    failed = [check for check in checks if not check.passed]
    document = _document(checks)
    if not output.as_json:
        _show(checks)
    if failed:
        raise console.Shortfall(
            f"{len(failed)} of {len(checks)} gradients differ from central differences by "
            f"{failed[0].tolerance:g} or more",
            document,
        )
    if output.as_json:
        console.write_json(document)


def _activation(name: str) -> Activation:
    from nnlab.core.nn.activations import find_activation

    try:
        return find_activation(name)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _show(checks: Sequence[GradientCheck]) -> None:
    from rich.text import Text

    from nnlab.cli.tables import column, fits, lay_out
    from nnlab.core.report.wording import plural

    worst = _worst(checks)
    names = list(dict.fromkeys(name for name, _ in worst))
    pairs = list(dict.fromkeys(pair for _, pair in worst))
    failing = {check.activation for check in checks if not check.passed}
    verdicts = column("result", ["FAILED" if n in failing else "ok" for n in names], number=False)
    columns = [column("activation", names, number=False)]
    for loss, output in pairs:
        title = f"{loss.replace('_', ' ')}, {output}"
        columns.append(column(title, [_error(worst[name, (loss, output)]) for name in names]))
    columns.append(verdicts)
    if not fits(columns, console.width()):  # then the worst pair has to do
        of_each = [max((worst[n, p] for p in pairs), key=_badness) for n in names]
        columns = [
            column("activation", names, number=False),
            column("largest error", [_error(check) for check in of_each]),
            column("with", [f"{c.loss}, {c.output}" for c in of_each], number=False),
            verdicts,
        ]
    bold = [i for i, name in enumerate(names) if name in failing]
    count = sum(check.passed for check in checks)
    summary = f"{count:,} of {plural(len(checks), 'gradient')} within {checks[0].tolerance:g}"
    console.show(*lay_out(columns, console.width(), bold), Text(), Text(summary))


def _worst(
    checks: Sequence[GradientCheck],
) -> dict[tuple[str, tuple[str, str]], GradientCheck]:
    """The largest error over the depths, by activation and (loss, output)."""
    worst: dict[tuple[str, tuple[str, str]], GradientCheck] = {}
    for check in checks:
        cell = check.activation, (check.loss, check.output)
        worst[cell] = max(worst.get(cell, check), check, key=_badness)
    return worst


def _badness(check: GradientCheck) -> tuple[bool, float]:
    """An error that is not a number is worse than any."""
    return not check.passed, check.error if check.error == check.error else float("inf")


def _error(check: GradientCheck) -> str:
    return f"{check.error:.0e}" + ("" if check.passed else " !")


def _document(checks: Sequence[GradientCheck]) -> dict[str, Any]:
    return {
        "passed": all(check.passed for check in checks),
        "tolerance": checks[0].tolerance,
        "checks": [
            {
                "activation": check.activation,
                "loss": check.loss,
                "output": check.output,
                "depth": check.depth,
                "error": check.error,
                "skipped": check.skipped,
                "coordinates": check.coordinates,
                "passed": check.passed,
            }
            for check in checks
        ],
    }
