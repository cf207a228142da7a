"""A trace by id, assembled: what `GET /v1/traces/{trace_id}/assembly` answers with."""

from chalicelib.assembly.steps import assemble
from chalicelib.codecs.assembly import AssemblyPage, encode
from chalicelib.model.deadline import Deadline
from chalicelib.model.trace import AssembledTrace
from chalicelib.query.traces import read_spans
from chalicelib.services import Services


def read_assembly(services: Services, tenant: str, trace_id: str, deadline: Deadline) -> AssembledTrace:
    """The trace, whole; with a 16-digit id every trace whose low 64 bits they are, together.

    Raises NoSuchTrace when the tenant has none, and StoreError as the store does.
    """
    return assemble(read_spans(services, tenant, trace_id, deadline))


def read_assembly_page(
    services: Services, tenant: str, trace_id: str, cursor: str | None, deadline: Deadline
) -> AssemblyPage:
    """A page of the trace within the answer budget. Raises as `read_assembly`, and QueryError for a bad cursor."""
    trace = read_assembly(services, tenant, trace_id, deadline)
    return encode(trace, cursor, services.settings.max_answer_bytes)
