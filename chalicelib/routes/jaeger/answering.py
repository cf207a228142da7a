"""Answers of both of Jaeger's APIs: JSON, indented where that is asked for, packed for whoever takes it."""

import msgspec

from chalicelib.routes.answers import Answer
from chalicelib.routes.packing import is_packed, packed, within_limit
from chalicelib.routes.request import Request
from chalicelib.services import Services

INDENT = 4
PARTIAL = "x-spanfold-partial"  # why an answer may not be all there is, where Jaeger's own cannot say it
HOW_TO_ASK_FOR_LESS = "ask for a shorter range or a lower limit"


def json_of(services: Services, request: Request, body: bytes, partial: str | None = None) -> Answer:
    """`body`, which is JSON. Raises AnswerTooLarge."""
    sent = leaves_as(request, body)
    headers = {"content-encoding": "gzip"} if is_packed(sent) else {}
    said = {PARTIAL: partial.encode("ascii", "replace").decode()} if partial else {}
    return within_limit(services, Answer(body=sent, headers=headers | said), HOW_TO_ASK_FOR_LESS)


def leaves_as(request: Request, body: bytes) -> bytes:
    """JSON as it leaves: indented where `prettyPrint` is anything but empty and "false", packed for who takes it."""
    if request.query.get("prettyPrint", ("",))[0] not in {"", "false"}:
        body = msgspec.json.format(body, indent=INDENT)
    return packed(body, request)
