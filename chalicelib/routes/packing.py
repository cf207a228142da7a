"""Bodies on their way to the reader: gzipped for whoever takes it, and never larger than Lambda may return."""

import msgspec

from chalicelib.codecs import encodings
from chalicelib.model.errors import AnswerTooLarge
from chalicelib.routes.answers import Answer
from chalicelib.routes.request import Request
from chalicelib.services import Services

GZIP_FROM_BYTES = 1_024  # below this the gzip header and the reader's work outweigh what is saved


def takes_gzip(request: Request) -> bool:
    """Whether the reader takes gzip."""
    return encodings.accepts_gzip(request.headers.get("accept-encoding"))


def packed(body: bytes, request: Request) -> bytes:
    """`body`, gzipped if that is worth it and the reader takes it."""
    return encodings.gzip(body) if len(body) >= GZIP_FROM_BYTES and takes_gzip(request) else body


def is_packed(body: bytes) -> bool:
    """Whether `packed` gzipped it: neither JSON nor an OTLP message begins so."""
    return body.startswith(encodings.GZIP_MAGIC)


def within_limit(services: Services, answer: Answer, how_to_ask_for_less: str) -> Answer:
    """`answer` itself. Raises AnswerTooLarge if it is more than may be returned."""
    if len(answer.body) <= services.settings.max_answer_bytes:
        return answer
    raise AnswerTooLarge(
        f"an answer of {len(answer.body)} bytes is more than can be given; accept gzip, or {how_to_ask_for_less}"
    )


def report(services: Services, request: Request, value: object, how_to_ask_for_less: str) -> Answer:
    """`value` as JSON. Raises AnswerTooLarge."""
    body = packed(msgspec.json.encode(value), request)
    headers = {"content-encoding": "gzip"} if is_packed(body) else {}
    return within_limit(services, Answer(body=body, headers=headers), how_to_ask_for_less)
