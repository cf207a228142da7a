"""AWS over HTTP for the functions, which are other processes: moto's answers, and what moto leaves out.

moto 5.2 is in this process. It does not make an SQS message's AWSTraceHeader of the caller's X-Amzn-Trace-Id, forgets
an event's TraceHeader, and takes more attributes than the ten that SQS takes: all three matter to who carries trace
context, so all three are played here. Services are told apart as AWS's own front does, by the signature's scope.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
MAX_MESSAGE_ATTRIBUTES = 10  # Amazon SQS Developer Guide, "Message metadata"
TOO_MANY_ATTRIBUTES = {
    "__type": "com.amazonaws.sqs#InvalidParameterValue",
    "message": "Number of message attributes [11] exceeds the allowed maximum [10].",
}


class Front:
    """`url` is what AWS_ENDPOINT_URL is to be. `trace_headers`: of each event of a bus, by its id."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.trace_headers: dict[str, str] = {}
        self._moto = BotocoreStubber()

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, Any], bytes]:
        """Status, headers and body."""
        scope = SCOPE.search(headers.get("authorization", ""))
        region, service = scope.groups() if scope else ("us-east-1", "sts")
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        asked = self._before(operation, body, headers.get("x-amzn-trace-id", ""))
        if asked is None:
            return 400, {"content-type": "application/x-amz-json-1.0"}, json.dumps(TOO_MANY_ATTRIBUTES).encode()
        url = f"https://{service}.{region}.amazonaws.com{path}"
        request = AWSPreparedRequest(method, url, _headers(headers), asked, stream_output=False)
        answered = self._moto.process_request(request)
        if answered is None:
            return 404, {}, b""
        status, answer_headers, answer = answered
        answer = answer.encode() if isinstance(answer, str) else answer
        self._after(operation, asked, answer, headers.get("x-amzn-trace-id", ""))
        return status, dict(answer_headers), answer

    def _before(self, operation: str, body: bytes, trace_header: str) -> bytes | None:
        if operation not in ("SendMessage", "SendMessageBatch"):
            return body
        asked = json.loads(body)
        for message in asked.get("Entries", [asked]):
            if len(message.get("MessageAttributes") or {}) > MAX_MESSAGE_ATTRIBUTES:
                return None
            if trace_header:
                system = message.setdefault("MessageSystemAttributes", {})
                system.setdefault("AWSTraceHeader", {"DataType": "String", "StringValue": trace_header})
        return json.dumps(asked).encode()

    def _after(self, operation: str, body: bytes, answer: bytes, trace_header: str) -> None:
        if operation != "PutEvents":
            return
        for entry, put in zip(json.loads(body)["Entries"], json.loads(answer).get("Entries", []), strict=False):
            self.trace_headers[put.get("EventId", "")] = entry.get("TraceHeader") or trace_header


@contextmanager
def front() -> Iterator[Front]:
    """A Front that listens on a free port of this machine."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.front = Front(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.front
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    front: Front

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sandbox that is killed hangs up in the middle; it is not worth a word."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer goes out at once: in pieces, each call would wait for an acknowledgement
    server: _Server

    def do_POST(self) -> None:  # all that these services are asked with
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, answer_headers, answer = self.server.front.answer(self.command, self.path, headers, body)
        self.send_response(status)
        for name, value in answer_headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, str(value))
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


def _headers(headers: Mapping[str, str]) -> HTTPHeaders:
    copied = HTTPHeaders()
    for name, value in headers.items():
        copied[name] = value
    return copied
