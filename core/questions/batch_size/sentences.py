"""The answer to question 1.4 f in sentences, from the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nnlab.core.analysis.claims import Judged
from nnlab.core.questions.batch_size.claims import range_words
from nnlab.core.questions.batch_size.studies import ADAM, CORRECTED, HEAVY, Found, mean_noise
from nnlab.core.report.scaling_words import advice, exponent_words, law_words
from nnlab.core.report.wording import short


def sentences(found: Found, claims: Sequence[Judged]) -> tuple[str, ...]:
    """The answer: how to adjust the rate, how far that holds, what is different elsewhere."""
    main = found.main
    told = [_rule(found), *advice(main, "this net on digits with SGD and ReLU")]
    told.append(law_words(main))
    by_id = {judged.claim.id: judged for judged in claims}
    adam = by_id["adam-square-root"].verdict.verdict
    told.append(
        f"Adam's rate has {exponent_words(found.readings[ADAM])} over "
        f"{range_words(found.batch_sizes)} (a square root is 0.5: {adam})."
    )
    heavy, corrected = found.readings[HEAVY], found.readings[CORRECTED]
    artefact = found.slow_start(HEAVY)
    if artefact:
        told.append(
            f"Momentum 0.9 has {exponent_words(heavy)}, but that is an artefact: {artefact}. With "
            f"the start corrected, v / (1 − mᵗ), it is {exponent_words(corrected)}."
        )
    noise = [value for value in mean_noise(found).values() if math.isfinite(value)]
    law = main.hyperbola
    if noise and law is not None and law.resolved:
        told.append(
            "Where it bends can be told from the gradients alone: their noise scale tr Σ / |G|² "
            f"is {short(float(np.mean(noise)), 2)} on average on the way to the target, and the "
            f"steps give a critical batch size of {short(law.bend, 2)}."
        )
    return tuple(told)


def _rule(found: Found) -> str:
    main, small = found.main, found.small
    ranges = main.ranges
    text = (
        "How the best rate of SGD grows with the batch depends on the batch: "
        f"{exponent_words(small)} over {range_words(small.batch_sizes)}"
    )
    if ranges:
        falling = ", ".join(f"{main.mean_exponent(each):.2f} over {each[0]} to {each[-1]}"
                            for each in ranges)  # fmt: skip
        text += f", then {falling}"
    return f"{text}; {exponent_words(main)} over all of {range_words(main.batch_sizes)}."
