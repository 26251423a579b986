"""`nnlab check`: is a spec right, and what would it run?"""

from __future__ import annotations

from nnlab.cli import console
from nnlab.cli.options import OutputOptions, Overrides, SpecArgument, TrainingOptions, read_spec


def check(spec: SpecArgument, *, overrides: Overrides = None, output: OutputOptions) -> None:
    """Check a spec and its data; train nothing.

    Reads SPEC, opens the data it names, fits the one to the other and says what `nnlab train`
    would do. Everything that is wrong is listed at once, with line and column.
    """
    from nnlab.cli.outlook import document, lines
    from nnlab.core.study import prepare

    # forced: what is stored from earlier does not matter to whether the spec is right
    study = prepare(read_spec(spec, overrides), TrainingOptions(force=True).settings())
    outlook = study.outlook()
    if output.as_json:
        console.write_json(document(study, outlook))
    else:
        console.show(*lines(study, outlook, console.width(), stored=False))
