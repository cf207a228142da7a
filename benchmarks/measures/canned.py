"""DynamoDB without a network: the SDK does all of its work, and the answer is there when the request would leave.

The cut is at botocore's HTTP session, below signing and above urllib3, for whoever makes a client in this process.
"""

import base64
import io
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_LAMBDA_FUNCTION_NAME": "spanfold-dev",
}

Answer = Callable[[str, bytes], bytes]  # the operation's name and the request's body -> the answer's body


class _Raw(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def answer_with(answer: Answer) -> None:
    """From now on, every client of this process gets `answer`."""
    os.environ.update(ENVIRONMENT)
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415  # the caller may be measuring imports
    from botocore.httpsession import URLLib3Session  # noqa: PLC0415

    def send(_session: URLLib3Session, request: Any) -> AWSResponse:
        operation = _text(request.headers["X-Amz-Target"]).rpartition(".")[2]
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body)
        headers = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "0" * 52}
        return AWSResponse(request.url, 200, headers, _Raw(answer(operation, body)))

    URLLib3Session.send = send


def written(operation: str, _body: bytes) -> bytes:
    """What DynamoDB answers to writes that it takes."""
    return b'{"UnprocessedItems":{}}' if operation == "BatchWriteItem" else b"{}"


def item_json(item: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """An item as DynamoDB's JSON has it: binary in base64."""
    return {
        name: {kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value}
        for name, typed in item.items()
        for kind, value in typed.items()
    }


def pages(items: list[dict[str, dict[str, Any]]], page_bytes: int = 1024 * 1024) -> list[bytes]:
    """`items` as the answers to one Query after the other, each of at most about `page_bytes` of item."""
    filled: list[list[dict[str, dict[str, Any]]]] = [[]]
    used = 0
    for item in items:
        used += len(item["b"]["B"]) + 80
        if used > page_bytes:
            filled.append([])
            used = 0
        filled[-1].append(item_json(item))
    return [_page(page, last=page is filled[-1]) for page in filled]


def following(bodies: list[bytes], request: bytes) -> int:
    """Which of the `bodies` of `pages` a Query asks for: the one after the page that ends with its start key."""
    start = json.loads(request).get("ExclusiveStartKey")
    if start is None:
        return 0
    wanted = json.dumps(start["sk"]).encode()
    return next(number for number, body in enumerate(bodies, 1) if body.find(wanted, -200) >= 0)


def _page(items: list[dict[str, dict[str, Any]]], *, last: bool) -> bytes:
    body: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
    if not last:
        body["LastEvaluatedKey"] = {"pk": items[-1]["pk"], "sk": items[-1]["sk"]}
    return json.dumps(body).encode()


def _text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header
