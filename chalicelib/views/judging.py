"""What sampling policies need of the query language: their TraceQL and their regular expressions read and answered."""

from collections.abc import Callable, Iterable, Mapping

from chalicelib.model.errors import PolicyError, QueryError
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.sampling.conditions import Instruments
from chalicelib.sampling.policies import Expression, Policies, parse, patterns, queries
from chalicelib.search import parser, regex
from chalicelib.search.evaluation import compile_match


def read_policies(document: bytes) -> Policies:
    """The document, with every expression in it understood. Raises PolicyError."""
    policies = parse(document)
    _check(queries(policies), lambda text: compile_match(parser.parse(text)))
    _check(patterns(policies), regex.compile)
    return policies


def instruments(sizes_bytes: Mapping[str, int]) -> Instruments:
    """What decides for traces that weigh `sizes_bytes`, by trace id. Each expression is read once."""
    queried: dict[str, Callable[[StoredTrace], bool]] = {}

    def matches(query: str, trace: StoredTrace) -> bool:
        if query not in queried:
            queried[query] = compile_match(parser.parse(query))
        try:
            return queried[query](trace)
        except QueryError:  # what only shows on values, such as a division by zero: it finds nothing here
            return False

    return Instruments(matches=matches, finds=_finds, size_bytes=lambda trace: sizes_bytes[trace.trace_id])


def _finds(pattern: str, text: str) -> bool:
    """Anywhere in the text, as the Collector's regular expressions do; TraceQL's match the whole of it."""
    return regex.compile(f".*(?:{pattern}).*")(text)


def _check(expressions: Iterable[Expression], read: Callable[[str], object]) -> None:
    for path, text in expressions:
        try:
            read(text)
        except QueryError as error:
            raise PolicyError(path, _placed(error)) from error


def _placed(error: QueryError) -> str:
    if error.line is None:
        return error.detail
    return f"line {error.line}, column {error.column}: {error.detail}"
