"""What the receivers left in the stores."""

import base64
from typing import Any

import msgspec

from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.model.view import SYSTEM_TENANT
from chalicelib.services import Services
from chalicelib.storage.view_names import dead_partition
from tests.clocks import Clock
from tests.function_lines import TRACE_ID


def span_names(services: Services, clock: Clock, tenant: str = "default") -> list[str]:
    """The names of all spans of the trace, in their order."""
    blocks = services.blocks.read(tenant, TRACE_ID, clock.deadline())
    spans = [span for block in blocks for span in to_spans(TracesData.FromString(block.payload))]
    return [span.name for span in sorted(spans, key=lambda span: (span.start_ns, span.span_id))]


def letters(services: Services, clock: Clock) -> dict[str, dict[str, Any]]:
    """Today's dead letters by name, their content as text."""
    found = {}
    for view in services.views.read(SYSTEM_TENANT, dead_partition(clock.at_ns // 10**9), clock.deadline()):
        letter = msgspec.json.decode(view.body)
        found[view.sort] = letter | {"content": base64.b64decode(letter["content"]).decode(errors="replace")}
    return found
