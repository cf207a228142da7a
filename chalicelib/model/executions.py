"""What `POST /v1/step-functions/history` answers."""

import msgspec


class HistoryTaken(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The spans of an execution are durable; `trace_id` is where to read them.

    `running`: it had not ended, so post the history again later; the same spans will then have their ends. `notes` say
    in words what could not be understood.
    """

    trace_id: str
    span_count: int
    running: bool = False
    notes: tuple[str, ...] = ()
