"""Reads the examples beside it; README.md describes their format."""

import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
EXPECTED = re.compile(r"=> (\d+):(\d+) (.*)")


class Refused(NamedTuple):
    """A query, where it is wrong, and what is said about it."""

    query: str
    line: int
    column: int
    message: str

    def __str__(self):
        return self.query


def examples(heading):
    """The examples below `heading`, of every file: each the lines of one."""
    found = []
    for path in sorted(HERE.glob("*.txt")):
        text = "".join(line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line[0] != "#")
        sections = re.split(r"^== (.*)\n", text, flags=re.MULTILINE)[1:]
        for name, body in zip(sections[::2], sections[1::2], strict=True):
            if name == heading:
                found += [block.strip("\n") for block in re.split(r"\n{2,}", body) if block.strip("\n")]
    return found


def refused(heading):
    """The queries below `heading`, each with the error it must give."""
    found = []
    for block in examples(heading):
        *lines, expectation = block.split("\n")
        line, column, message = EXPECTED.fullmatch(expectation).groups()
        found.append(Refused("\n".join(lines), int(line), int(column), message))
    return found
