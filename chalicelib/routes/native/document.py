"""`GET /v1/openapi.json`: what every endpoint outside the dialects takes and gives (OpenAPI 3.1).

Parameters come from the table that reads them (parameters.py), schemas from the structs that are answered with. Which
belong to which endpoint is in operations.py; tests hold that to the endpoints there are, and answers to the document.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from chalicelib import VERSION
from chalicelib.model.access import Principal
from chalicelib.model.trace import AssembledTrace
from chalicelib.routes.answers import JSON, Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.native.operations import OPERATIONS, PROTOBUF, Operation
from chalicelib.routes.native.parameters import Parameter
from chalicelib.routes.request import Request
from chalicelib.services import Services

_ERROR = {
    "type": "object",
    "description": "What went wrong: a name for programs, words, and for a faulty query where in it.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "line": {"type": "integer", "minimum": 1},
                "column": {"type": "integer", "minimum": 1},
            },
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}
_STATUS = {
    "type": "object",
    "description": "google.rpc.Status",
    "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
}


def get_document(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The document itself."""
    del services, request
    tenant_of(caller)
    return Answer(body=_encoded())


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document())


def document() -> dict[str, Any]:
    """The OpenAPI document as plain values."""
    structs = [each.answer for each in OPERATIONS.values() if isinstance(each.answer, type)]
    _, components = msgspec.json.schema_components(
        [*structs, AssembledTrace], ref_template="#/components/schemas/{name}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), operation in OPERATIONS.items():
        paths.setdefault(path, {})[method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Spanfold",
            "version": VERSION,
            "description": "Send, find and read traces. The APIs of other backends have documents of their own.",
        },
        "paths": paths,
        "components": {
            "schemas": components | {"Error": _ERROR, "Status": _STATUS},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": [_in_path(name, schema) for name, schema in operation.path.items()]
        + [_in_query(parameter) for parameter in operation.query],
        "responses": _responses(operation),
        "security": [] if operation.scope is None else [{"bearer": []}, {"key": []}],
    }
    if operation.scope is not None:
        told["description"] = f"Takes a key with the scope `{operation.scope}`."
    if operation.body is not None:
        others: dict[str, Any] = {PROTOBUF: {}} if operation.is_otlp else {}
        told["requestBody"] = {"content": {JSON: {"schema": operation.body}, **others}}
    return told


def _in_path(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(parameter: Parameter[Any]) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.is_required,
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _responses(operation: Operation) -> dict[str, Any]:
    fault = "Status" if operation.is_otlp else "Error"
    media_types = (JSON, PROTOBUF) if operation.is_otlp else (JSON,)
    responses: dict[str, Any] = {}
    if operation.answer is not None:
        responses["200"] = {"description": "The answer.", "content": _content(operation)}
    for status, description in sorted(operation.errors.items()):
        content = {each: _form(each, {"$ref": f"#/components/schemas/{fault}"}) for each in media_types}
        responses[str(status)] = {"description": description, "content": content}
    return responses


def _content(operation: Operation) -> dict[str, Any]:
    answer = operation.answer
    schema = {"$ref": f"#/components/schemas/{answer.__name__}"} if isinstance(answer, type) else answer
    return {each: _form(each, schema) for each in operation.media_types}


def _form(media_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"schema": schema} if media_type == JSON else {}
