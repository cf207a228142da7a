"""Questions in TraceQL about a few spans, and answers that a test can read."""

from chalicelib.model.windows import Window
from chalicelib.search.evaluation import evaluate
from chalicelib.search.parser import parse
from chalicelib.search.series import Accumulator
from tests.actors import MS, NOON_NS
from tests.search.traces import stored


def ask(text, *spans):
    """The names of the spans that a search selects, in order, all its spansets together."""
    return [name for names, _ in groups(text, *spans) for name in names]


def groups(text, *spans):
    """For each spanset the names of its spans and what stages said of it."""
    return [
        ([matched.span.name for matched in spanset.spans], {name: value.value for name, value in spanset.attributes})
        for spanset in evaluate(parse(text), stored(*spans))
    ]


def selects(condition, span):
    """Whether a span alone in its trace satisfies a condition."""
    return bool(ask(f"{{ {condition} }}", span))


def seconds_after_noon(start_s, end_s):
    return Window(NOON_NS + round(start_s * 1000) * MS, NOON_NS + round(end_s * 1000) * MS)


def chart(text, *traces, window=None, step_s=1.0, **limits):
    """The series of a metrics query: {"label=value ...": [samples]}, None where there is none. Times are seconds."""
    return {
        " ".join(f"{name}={value.value}" for name, value in series.labels): in_row(series, accumulator, step_s)
        for accumulator in [collect(text, *traces, window=window, step_s=step_s, **limits)]
        for series in accumulator.series()
    }


def collect(text, *traces, window=None, step_s=1.0, **limits):
    window = window or seconds_after_noon(0, 3)
    step_ns = None if step_s is None else round(step_s * 1000) * MS
    accumulator = Accumulator(parse(text), window, step_ns, **({"max_series": 100} | limits))
    for trace in traces:
        accumulator.add(trace, accumulator.window)
    return accumulator


def in_row(series, accumulator, step_s):
    start_ns, end_ns = accumulator.window
    step_ns = end_ns - start_ns if step_s is None else round(step_s * 1000) * MS
    samples = dict(series.samples)
    return [samples.get(time_ns // MS) for time_ns in range(start_ns, end_ns, step_ns)]
