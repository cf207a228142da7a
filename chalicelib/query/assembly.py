"""A trace by id, assembled: what `GET /v1/traces/{trace_id}/assembly` answers with."""

from collections.abc import Callable, Iterator

from chalicelib.assembly.links import with_joins
from chalicelib.assembly.steps import assemble
from chalicelib.codecs.assembly import AssemblyPage, encode
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError
from chalicelib.model.trace import AssembledTrace, JoinedSpan
from chalicelib.query.joins import Joins, find_joins
from chalicelib.query.scanning import Account
from chalicelib.query.traces import read_spans
from chalicelib.services import Services

# How many times the budget a packed page may hold: tried from the left. Gzip takes an assembled trace to about a
# seventh, and each page costs a whole assembly, so that few large pages are worth a second packing.
EXPANSIONS = (12, 6, 3, 1)

# What is read of views for the joins of a trace: 4,000 read units, a second. The links of a trace know no such bound.
MAX_JOIN_BYTES = 32 * 1024 * 1024


def read_assembly(services: Services, tenant: str, trace_id: str, deadline: Deadline) -> AssembledTrace:
    """The trace, whole; with a 16-digit id every trace whose low 64 bits they are, together.

    Joins of its spans are among its links. Raises NoSuchTrace when the tenant has none, QueryError for a malformed id,
    and StoreError as the store of blocks does.
    """
    spans = read_spans(services, tenant, trace_id, deadline)
    trace = assemble(spans)
    try:
        joins = find_joins(services, tenant, spans, Account(_for_joins(deadline)), most_bytes=MAX_JOIN_BYTES)
    except StoreError:  # views are out of reach, and the trace is not
        return with_joins(trace, (), complete=False)
    return with_joins(trace, _joined(joins), complete=not joins.problems) if joins != Joins() else trace


def _for_joins(deadline: Deadline) -> Deadline:
    """A part of the time: a trace without its joins is better than none."""
    now_ns = deadline.now_ns()
    return Deadline(now_ns + (deadline.at_ns - now_ns) // 2, deadline.now_ns)


def _joined(joins: Joins) -> Iterator[JoinedSpan]:
    """Each join as its receiver tells it, and as its sender does if that is another trace's."""
    for name, sender, receiver in joins.found:
        ends = [(receiver.trace_id, receiver.span.span_id), (sender.trace_id, sender.span.span_id)]
        yield JoinedSpan(*ends[0], *ends[1], name, receives=False)
        if sender.trace_id != receiver.trace_id:
            yield JoinedSpan(*ends[1], *ends[0], name, receives=True)


def read_assembly_page(  # noqa: PLR0913  # who asks, for what, until when, and in what packing
    services: Services,
    tenant: str,
    trace_id: str,
    cursor: str | None,
    deadline: Deadline,
    *,
    pack: Callable[[bytes], bytes] | None = None,
) -> AssemblyPage:
    """The page at `cursor` (None: the first) of the trace as JSON, within the answer budget.

    With `pack` (gzip, say) the body comes packed, and it is the packed bytes that keep to the budget.
    Raises as `read_assembly`, and QueryError for a cursor that is malformed or of another state of the trace.
    """
    trace = read_assembly(services, tenant, trace_id, deadline)
    budget_bytes = services.settings.max_answer_bytes
    if pack is None:
        return encode(trace, cursor, budget_bytes)
    return _packed_page(trace, cursor, budget_bytes, pack)


def _packed_page(
    trace: AssembledTrace, cursor: str | None, budget_bytes: int, pack: Callable[[bytes], bytes]
) -> AssemblyPage:
    for expansion in EXPANSIONS:
        page = encode(trace, cursor, budget_bytes * expansion)
        packed = AssemblyPage(pack(page.body), page.cursor)
        if len(packed.body) <= budget_bytes:
            break
    return packed
