"""Answers as Zipkin gives them: bare JSON, packed for whoever takes it, and names that may be kept for a while."""

from collections.abc import Iterable

import msgspec

from chalicelib.routes.answers import Answer
from chalicelib.routes.packing import is_packed, packed, within_limit
from chalicelib.routes.request import Request
from chalicelib.services import Services

MAY_BE_KEPT = {"cache-control": "max-age=300, must-revalidate"}
FEW_NAMES = 3  # a deployment that has only begun: its next services are waited for
PARTIAL = "x-spanfold-partial"  # why an answer may not be all there is; Zipkin's own answers cannot say it


def json_of(services: Services, request: Request, body: bytes, partial: str | None = None) -> Answer:
    """`body`, which is JSON. Raises AnswerTooLarge."""
    sent = packed(body, request)
    headers = {"content-encoding": "gzip"} if is_packed(sent) else {}
    said = {PARTIAL: partial.encode("ascii", "replace").decode()} if partial else {}
    return within_limit(services, Answer(body=sent, headers=headers | said), "ask for a shorter range or a lower limit")


def names_of(services: Services, request: Request, names: Iterable[str], *, keep: bool | None = None) -> Answer:
    """Names in order; they may be kept where `keep` says so, or where there are more than a few."""
    ordered = sorted(set(names))
    answer = json_of(services, request, msgspec.json.encode(ordered))
    may_be_kept = len(ordered) > FEW_NAMES if keep is None else keep
    return msgspec.structs.replace(answer, headers={**answer.headers, **MAY_BE_KEPT}) if may_be_kept else answer
