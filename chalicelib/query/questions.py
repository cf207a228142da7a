"""A query's text made ready to be asked of many traces."""

from dataclasses import dataclass

from chalicelib.model.errors import QueryError
from chalicelib.search import regex
from chalicelib.search.check import check
from chalicelib.search.conditions import TraceCondition
from chalicelib.search.evaluation import Search, compile_search
from chalicelib.search.index import CompileRegex, remembering
from chalicelib.search.parser import parse
from chalicelib.search.plan import plan
from chalicelib.search.syntax import Pipeline, Query

MAX_QUERY_BYTES = 16 * 1024
EVERY_TRACE = "{ }"


@dataclass(frozen=True)
class Question:
    """What to ask the views (`plan`, which may say yes too often) and what to ask a trace (`evaluate`)."""

    text: str
    plan: TraceCondition
    evaluate: Search
    compile_regex: CompileRegex


def parsed(text: str) -> Query:
    """The query of `text`, which means something. Raises QueryError, with line and column where that is known."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_QUERY_BYTES:
        raise QueryError(f"a query may have {MAX_QUERY_BYTES} bytes")
    query = parse(text)
    check(query)
    return query


def search_question(text: str) -> Question:
    """The question that a search asks; an empty text asks for every trace. Raises QueryError, also for metrics."""
    query = parsed(text.strip() or EVERY_TRACE)
    if not isinstance(query.root, Pipeline):
        raise QueryError("this is a metrics query; ask for it at /v1/metrics/query")
    return Question(text, plan(query), compile_search(query), remembering(regex.compile))


@dataclass(frozen=True)
class MetricsQuestion:
    """As Question, for a query that is to become series."""

    query: Query
    plan: TraceCondition
    compile_regex: CompileRegex


def metrics_question(text: str) -> MetricsQuestion:
    """The question that a metrics query asks. Raises QueryError, also for a search."""
    query = parsed(text)
    if isinstance(query.root, Pipeline):
        raise QueryError("this is a search; ask for it at /v1/search, or add a metrics function such as | rate()")
    return MetricsQuestion(query, plan(query), remembering(regex.compile))
