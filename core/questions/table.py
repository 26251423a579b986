"""The table of questions: adding one is adding a row and the module that answers it."""

from __future__ import annotations

from nnlab.core.errors import UsageError
from nnlab.core.questions.question import Question
from nnlab.core.suggest import unknown
from nnlab.core.wording import shown

_ROWS = (
    Question(
        "1.2",
        "two layers by hand: ReLU, identity, squared error",
        "For a net of two linear layers with f = ReLU, g = identity and the squared error: the "
        "five steps of training, the forward pass, the gradients of W1, b1, W2 and b2, and the "
        "elements of dz2/dz1, dyhat/dz3 and dl/dyhat.",
        "two_layers",
        options=("input",),
    ),
    Question(
        "1.3",
        "the same with sigmoids; squared error or cross-entropy; why ReLU inside",
        "What changes with f = g = sigmoid under the squared error, and then under the binary "
        "cross-entropy; and why f = ReLU with g = sigmoid is better for a deeper net.",
        "sigmoid_net",
        options=("input",),
    ),
    Question(
        "1.4a",
        "why softmax is a soft argmax",
        "Why is softmax really soft(arg)max? The text: argmax returns the place of the maximum; "
        "softmax takes a less extreme approach.",
        "soft_argmax",
    ),
    Question(
        "1.4b",
        "when softmax becomes unstable",
        "When is softmax numerically unstable? The text: when the input is really large or really "
        "small, by overflow or underflow.",
        "stability",
    ),
    Question(
        "1.4c",
        "two consecutive linear layers",
        "Should there be two consecutive linear layers? The text: no, two are the same as one.",
        "linear_layers",
    ),
    Question(
        "1.4d",
        "ReLU, tanh, sigmoid, LeakyReLU: an advantage and a disadvantage each",
        "One advantage and one disadvantage of ReLU, tanh, sigmoid and LeakyReLU; and (0.1b) does "
        "ReLU let gradients pass to more layers than sigmoid, and converge faster?",
        "activations",
    ),
    Question(
        "1.4e",
        "rotation, scaling, reflection, translation; linear and non-linear steps",
        "Four kinds of linear transformation, and the role of linear and of non-linear "
        "transformations in a net. The text: rotation, scaling, translation, reflection.",
        "transformations",
        options=("matrix",),
    ),
    Question(
        "1.4f",
        "the learning rate when the batch size changes",
        "How should the learning rate change with the batch size? The text: in proportion.",
        "batch_size",
    ),
)

QUESTIONS: dict[str, Question] = {row.id: row for row in _ROWS}


def find_question(name: str) -> Question:
    """The row of the question `name`, whatever its case and blanks: "1.4 D" is `1.4d`.

    Raises `UsageError` that lists the questions and suggests the nearest.
    """
    wanted = "".join(name.split()).lower()
    if wanted in QUESTIONS:
        return QUESTIONS[wanted]
    parts = [id for id in QUESTIONS if wanted and id.startswith(wanted)]
    if len(parts) > 1:
        raise UsageError(
            f"question {shown(wanted)!r} has parts: {', '.join(parts)}; ask one of them, or all"
        )
    raise UsageError(unknown("question", name, [*QUESTIONS, "all"]))
