"""Text that stands as it is, in fixed-width print: equations, matrices, lines of code.

A paragraph of an answer that begins with four blanks is such a text.
"""

from __future__ import annotations

import textwrap

from nnlab.core.report.style import one_line

MARK = " " * 4


def is_fixed(text: str) -> bool:
    """Whether a paragraph stands as it is."""
    return text.startswith(MARK)


def fixed_lines(text: str) -> list[str]:
    r"""Its lines without the common indent; control and direction characters are gone.

    >>> fixed_lines("    z = W x\n      + b")
    ['z = W x', '  + b']
    """
    lines = []
    for line in textwrap.dedent(text.expandtabs(4)).rstrip().split("\n"):
        body = line.lstrip(" ")
        blanks = len(line) - len(body)
        # `one_line` would join the columns of a matrix
        words = [one_line(part) for part in body.split(" ")]
        lines.append((" " * blanks + " ".join(words)).rstrip())
    return lines
