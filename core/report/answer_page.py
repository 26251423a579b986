"""The report of an answer: `report.png`, `report.md`, `report.html` and `figures/*.png`.

    files = answer_files(AnswerPage(...))      # {"report.png": b"...", ...}

Names and bytes only; `questions.answering` writes them. The same page gives the same bytes.
"""

from __future__ import annotations

from nnlab.core.report.answer import AnswerPage
from nnlab.core.report.answer_html import answer_html
from nnlab.core.report.answer_markdown import answer_markdown
from nnlab.core.report.answer_poster import draw_answer
from nnlab.core.report.png import png


def answer_files(page: AnswerPage) -> dict[str, bytes]:
    """Every file of the report, by its name relative to the answer's folder.

    Raises ValueError where two pictures have one name, which is their file's.
    """
    poster, own = draw_answer(page)
    images = {name: png(pixels) for name, pixels in own.items()}
    return {
        "report.png": png(poster),
        "report.md": answer_markdown(page).encode(),
        "report.html": answer_html(page, images).encode(),
        **{f"figures/{name}.png": image for name, image in images.items()},
    }
