"""S3: pointers to what was written; context in an object's metadata only where SPANFOLD_INJECT says `s3-metadata`.

An event of S3 does not show metadata, whoever wants it pays for a HeadObject: the pointer (bucket, key, etag) and the
request's id join both sides for nothing. User guide, "User-defined object metadata": names and values 2 KB, US-ASCII.
"""

from ....propagation import pointers
from .. import carried
from ..limits import KIB, Room
from .injection import Untouched
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .injection import Injection
    from .service import Answer, Attributes, Params

LIMITS_BYTES = (2 * KIB,)
OPTION = "s3-metadata"
_REQUEST_ID = "s3-request"
_WRITES = ("PutObject", "CopyObject", "CompleteMultipartUpload")


def _put(injection: "Injection", params: "Params") -> None:
    if injection.is_opted_in(OPTION):
        params.update(injection.one(params, lambda call: _with_context(injection, call)))


def _copy(injection: "Injection", params: "Params") -> None:
    """Only where the copy does not inherit its source's metadata."""
    if params.get("MetadataDirective") == "REPLACE":
        _put(injection, params)


def _with_context(injection: "Injection", params: "Mapping[str, Any]") -> "dict[str, Any]":
    metadata = params.get("Metadata") or {}
    if "traceparent" in {name.lower() for name in metadata}:
        injection.keep(carried.context_in(metadata.items()))
    room = Room(_size_bytes(metadata), LIMITS_BYTES)
    for fields in carried.choices(injection.body):
        if room.has(_size_bytes(fields)):
            return {**params, "Metadata": {**metadata, **fields}}
    raise Untouched("the metadata would be too long")


def _size_bytes(metadata: "Mapping[str, str]") -> int:
    return sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())


def _sent(params: "Params", answer: "Answer") -> list[str]:
    etag = answer.get("ETag") or answer.get("CopyObjectResult", {}).get("ETag") or ""
    pointer = pointers.s3_object(str(params.get("Bucket") or ""), str(params.get("Key") or ""), str(etag))
    return ([f"s3:{pointer}"] if pointer else []) + _request(params, answer)


def _request(_params: "Params", answer: "Answer") -> list[str]:
    request_id = answer.get("ResponseMetadata", {}).get("RequestId")
    return [f"{_REQUEST_ID}:{request_id}"] if request_id else []


def _learn(_operation: str, _params: "Params", answer: "Answer") -> "Attributes":
    host_id = answer.get("ResponseMetadata", {}).get("HostId")
    return {"aws.extended_request_id": host_id} if host_id else {}


SERVICE = Service(
    attributes={
        "Bucket": "aws.s3.bucket", "Key": "aws.s3.key", "UploadId": "aws.s3.upload_id",
        "PartNumber": "aws.s3.part_number", "CopySource": "aws.s3.copy_source",
    },
    fills={"PutObject": _put, "CreateMultipartUpload": _put, "CopyObject": _copy},
    joins={**dict.fromkeys(_WRITES, _sent), "DeleteObject": _request, "DeleteObjects": _request},
    learn=_learn,
)  # fmt: skip
