"""The questions of the homework, answered by computing and by experiment.

    table.py      one row a question: what it asks, which module answers it
    question.py   the values: a question, an answer, its sections
    work.py       what a question's module works with: the studies, trained or read back
    answering.py  a question -> its answer, written into `results/answer-<question>/`
    answer_folder.py  that folder: whole or without its `answer.json`, and read back
    all.py        every question in turn, and one report of everything

Each other module answers one question with `answer(work) -> Answer`; its shipped studies are specs
of `nnlab.configs`, its claims are rows of a table of its own. Of the larger ones the claims stand
in `*_claims.py` and the sentences and tables in `*_words.py`.
"""
