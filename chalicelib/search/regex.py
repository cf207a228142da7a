"""Regular expressions as TraceQL means them: RE2, the whole value, in time that grows with the value and no faster.

The engine is RE2 itself (google-re2; docs/adr/009). `.` matches a newline too, as it does in Prometheus and in
Tempo, which shares its matcher. Patterns that need no engine do not load it: names between bars
(`checkout|cart`), and a name with `.*` before or behind it.

What a hostile pattern can cost is bounded: MAX_PATTERN_CHARS in length, MAX_PROGRAM_BYTES for its automaton and the
states that matching makes (past that RE2 walks the automaton state by state, slower, still linear).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from chalicelib.model.errors import QueryError

MAX_PATTERN_CHARS = 4096
MAX_PROGRAM_BYTES = 1 << 20
ANYTHING = ".*"
_SPECIAL = frozenset(r"\.+*?()|[]{}^$")

Matcher = Callable[[str], bool]


@lru_cache(maxsize=64)
def compile(pattern: str) -> Matcher:  # noqa: A001  # regex.compile is what it is called everywhere
    """A function that tells whether the whole of a text matches `pattern`. Raises QueryError for what RE2 refuses."""
    if len(pattern) > MAX_PATTERN_CHARS:
        raise QueryError(f"a regular expression of {len(pattern)} characters; {MAX_PATTERN_CHARS} are allowed")
    return _without_engine(pattern) or _with_engine(pattern)


def find_problem(pattern: str) -> str | None:
    """What is wrong with `pattern`, or None when `compile` takes it."""
    try:
        compile(pattern)
    except QueryError as error:
        return error.detail
    return None


def alternatives(pattern: str) -> frozenset[str] | None:
    r"""The texts that `pattern` matches, when it is nothing but these with bars between; otherwise None.

    Backslashes before what is no letter or digit are understood: `10\.0\.0\.1|10\.0\.0\.2` are two addresses.
    """
    found, text = set(), ""
    characters = iter(pattern)
    for character in characters:
        if character == "|":
            found.add(text)
            text = ""
        elif character == "\\" and (escaped := next(characters, "a")).isascii() and not escaped.isalnum():
            text += escaped
        elif character in _SPECIAL:
            return None
        else:
            text += character
    return frozenset(found | {text})


def _without_engine(pattern: str) -> Matcher | None:
    texts = alternatives(pattern)
    if texts is not None:
        return texts.__contains__
    middle = alternatives(pattern.removeprefix(ANYTHING).removesuffix(ANYTHING))
    if middle is None or len(middle) > 1:
        return None
    [text] = middle
    if not pattern.startswith(ANYTHING):
        return lambda value: value.startswith(text)
    return (lambda value: text in value) if pattern.endswith(ANYTHING) else lambda value: value.endswith(text)


def _with_engine(pattern: str) -> Matcher:
    import re2  # noqa: PLC0415  # 8 ms, and only some queries have one

    try:
        program = re2.compile(pattern.encode(), _options(re2))
    except (re2.error, UnicodeEncodeError) as error:
        raise QueryError(f"{pattern[:200]!r} is not a regular expression: {_reason(error)}") from error
    re2.purge()  # its own cache keeps 128 programs, whatever they weigh; ours keeps 64
    fullmatch = program.fullmatch
    return lambda value: fullmatch(value.encode(errors="replace")) is not None


def _options(re2: Any) -> Any:
    options = re2.Options()
    options.max_mem = MAX_PROGRAM_BYTES
    options.log_errors = False
    options.never_capture = True
    options.dot_nl = True
    return options


def _reason(error: Exception) -> str:
    detail = error.args[0] if error.args else error
    return detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
