"""YAML events -> a tree of nodes with places, within limits that keep hostile files harmless.

Only PyYAML's scanner and parser are used: they keep no tags' promises and construct nothing.
The limits are checked while the events stream in, so that a bomb stops early.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn, TypeAlias

import yaml

from nnlab.core.errors import Problem
from nnlab.core.wording import quoted, shown

MAX_VALUES = 10_000
"""Values in one spec, those behind aliases counted each time they are used."""
MAX_DEPTH = 20
"""Lists and mappings inside one another."""

LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What PyYAML counts as the end of a line."""
_LONGEST_LINE = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a line of a file, or (`said`) an override."""

    line: int | None
    column: int | None
    text: str
    """The whole line."""
    said: str = ""

    def problem(self, message: str) -> Problem:
        """`message`, at this place."""
        return Problem(self.said + message, self.line, self.column, self.source_line)

    @property
    def source_line(self) -> str | None:
        """The line, inert, where it is short enough for the column to be in sight."""
        if self.line is None or (self.column or 1) > _LONGEST_LINE:
            return None
        # one character for one, so that the caret below the line keeps its column; PyYAML's
        # columns do not count U+FEFF
        inert = (
            c if c.isprintable() else " " if c == "\t" else "\ufffd"
            for c in self.text[:_LONGEST_LINE]
            if c != "\ufeff"
        )
        return "".join(inert).rstrip()

    @classmethod
    def of(cls, mark: yaml.Mark, lines: Sequence[str]) -> Place:
        """The place of a PyYAML mark."""
        text = lines[mark.line] if mark.line < len(lines) else ""
        return cls(mark.line + 1, mark.column + 1, text)


PlaceOf: TypeAlias = Callable[[Any], Place]
"""A PyYAML mark -> the place."""


class Unreadable(Exception):
    """Reading cannot go on; carries the one problem that stops it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar's text, a list's items, or a mapping's (key, value) pairs."""

    kind: Literal["scalar", "list", "mapping"]
    place: Place
    tag: str | None
    text: str = ""
    plain: bool = False
    items: tuple[Node, ...] = ()
    pairs: tuple[tuple[Node, Node], ...] = ()


def grow(text: str, place_of: PlaceOf) -> Node | None:
    """The tree of the one document in `text`; None when there is none.

    Raises `Unreadable` for a syntax error, an alias to nothing or to itself, a second document,
    and when a limit is passed.
    """
    return _Parser(text, place_of).document()


class _Parser:
    """Recursive descent over the events; the depth limit comes first, so no RecursionError."""

    def __init__(self, text: str, place_of: PlaceOf) -> None:
        try:
            self.loader: Any = yaml.SafeLoader(text)  # its stubs are untyped
        except yaml.reader.ReaderError as error:
            problem = Problem(f"the character U+{error.character:04X} is not allowed")
            raise Unreadable(problem) from None
        self.place_of = place_of
        self.anchors: dict[str, Node] = {}
        self.open: set[str | None] = set()
        self.count = 0

    def document(self) -> Node | None:
        event = self.next()
        while not isinstance(event, yaml.DocumentStartEvent | yaml.StreamEndEvent):
            event = self.next()
        if isinstance(event, yaml.StreamEndEvent):
            return None
        root = self.node(self.next(), depth=0)
        self.next()  # the document's end
        if not isinstance(event := self.next(), yaml.StreamEndEvent):
            self.stop(event, "a second document begins here ('---'); one file holds one spec")
        return root

    def next(self) -> yaml.Event:
        try:
            event: yaml.Event = self.loader.get_event()
        except yaml.MarkedYAMLError as error:
            raise Unreadable(self.syntax(error)) from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # chr() and int() fail for "\UFFFFFFFF" and "%YAML 1.111...", in Python's own words
            place = self.place_of(self.loader.get_mark())
            what = shown(str(error), 100)
            if isinstance(error, ValueError | OverflowError):
                what = "a number is too large here"
            raise Unreadable(place.problem(f"not valid YAML: {what}")) from None
        return event

    def stop(self, event: yaml.Event, message: str) -> NoReturn:
        raise Unreadable(self.place_of(event.start_mark).problem(message))

    def node(self, event: yaml.Event, depth: int) -> Node:
        self.count += 1
        if self.count > MAX_VALUES:
            self.stop(event, f"more than {MAX_VALUES} values: a spec is much shorter than this")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        place = self.place_of(event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            node = Node("scalar", place, event.tag, event.value, plain=event.style is None)
        else:
            if depth == MAX_DEPTH:
                self.stop(event, f"more than {MAX_DEPTH} lists or mappings inside one another")
            was_open = event.anchor in self.open
            self.open.add(event.anchor)
            if isinstance(event, yaml.SequenceStartEvent):
                items = tuple(self.nodes(yaml.SequenceEndEvent, depth + 1))
                node = Node("list", place, event.tag, items=items)
            else:
                flat = list(self.nodes(yaml.MappingEndEvent, depth + 1))
                pairs = tuple(zip(flat[::2], flat[1::2], strict=True))
                node = Node("mapping", place, event.tag, pairs=pairs)
            if not was_open:
                self.open.discard(event.anchor)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def nodes(self, end: type[yaml.Event], depth: int) -> Iterator[Node]:
        while not isinstance(event := self.next(), end):
            yield self.node(event, depth)

    def alias(self, event: yaml.AliasEvent) -> Node:
        name = f"*{shown(str(event.anchor))}"
        if event.anchor in self.open:
            self.stop(event, f"the alias {name} stands inside the value it repeats")
        if event.anchor not in self.anchors:
            self.stop(event, f"the alias {name} repeats a value that was never marked &{name[1:]}")
        return replace(self.anchors[event.anchor], place=self.place_of(event.start_mark))

    def syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        mark = error.problem_mark or error.context_mark or self.loader.get_mark()
        problem = error.problem or str(error)
        said = "; ".join(part for part in (error.context, problem) if part)
        message = f"not valid YAML: {shown(said, 200)}"
        for sign, hint in _HINTS:
            if sign in problem:
                return self.place_of(mark).problem(f"{message} ({hint})")
        return self.place_of(mark).problem(message)


_HINTS = (
    ("found character '\\t'", "indent with spaces, not with a tab"),
    ("that cannot start any token", "put the text in quotes"),
    ("mapping values are not allowed here", "put a text that contains ': ' in quotes"),
    ("could not find expected ':'", "every line is 'key: value'"),
    ("'<stream end>'", "a bracket is opened and never closed"),
    ("found unexpected end of stream", "a quote is opened and never closed"),
    ("found unknown escape character", "use single quotes: '\\' has no meaning in them"),
    ("or ']', but got ':'", "is a bracket '[' before this never closed?"),
    ("or '}', but got ':'", "is a brace '{' before this never closed?"),
    ("<block end>, but found ']'", "no bracket is open here"),
    ("<block end>, but found '}'", "no brace is open here"),
    ("<block end>, but found '<scalar>'", "a quotation mark inside quotes is written twice"),
    ("but found '<block mapping start>'", "all keys start in the same column"),
)


def refusal_of_tag(tag: str) -> str:
    """The message for a tag such as `!!python/object`: nothing is ever constructed from one."""
    return f"the tag {quoted(tag)} is not allowed: write the plain value"
