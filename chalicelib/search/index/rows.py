"""What an index knows of each trace without its terms."""

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """As in Entry."""

    trace_id: str
    start_ns: int
    end_ns: int
    span_count: int
    error_count: int
    services: tuple[str, ...]
    root_service: str | None = None
    root_name: str | None = None
