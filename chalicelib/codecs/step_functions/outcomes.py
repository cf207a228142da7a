"""What a task called, and under which names others know what it sent: read from its parameters and its output.

An optimised integration and an SDK one (`aws-sdk:…`) give the service's own answer, `SdkHttpMetadata` beside it for the
former. What a callback (`.waitForTaskToken`) succeeds with is somebody's own and says nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from chalicelib.codecs.step_functions.events import text_of
from chalicelib.model.attributes import Attributes
from chalicelib.propagation import pointers

MAX_TEXT_CHARACTERS = 1 << 18  # what Step Functions lets a state put out

CALLBACK = ".waitForTaskToken"
_SERVICES = {
    "lambda": "Lambda",
    "sqs": "SQS",
    "sns": "SNS",
    "events": "EventBridge",
    "eventbridge": "EventBridge",
    "dynamodb": "DynamoDB",
    "states": "SFN",
    "sfn": "SFN",
    "s3": "S3",
}
_Json = Mapping[str, Any]


def parsed(text: str) -> _Json:
    """A JSON object in a text; {} for anything else, and for what is too long or nested too deep to be one."""
    if len(text) > MAX_TEXT_CHARACTERS:
        return {}
    try:
        found = msgspec.json.decode(text)
    except (ValueError, RecursionError):  # msgspec's own errors are ValueErrors
        return {}
    return found if isinstance(found, dict) else {}


def called(details: _Json) -> Attributes:
    """OpenTelemetry's attributes of what a scheduled task calls; of an activity or a function's ARN too."""
    kind, resource = text_of(details, "resourceType"), text_of(details, "resource")
    if not kind:
        return _arn(resource)
    service, method = service_of(kind), resource.partition(".")[0]
    attributes: Attributes = {"rpc.system": "aws-api", "rpc.service": service, "rpc.method": method}
    if region := text_of(details, "region"):
        attributes["cloud.region"] = region
    describe = _CALLED.get(service)
    return attributes | (describe(parsed(text_of(details, "parameters"))) if describe else {})


def service_of(resource_type: str) -> str:
    """The service of `lambda`, `aws-sdk:s3`, … as SDKs call it."""
    name = resource_type.removeprefix("aws-sdk:")
    return _SERVICES.get(name.lower(), name)


def sent(scheduled: _Json, output: _Json) -> tuple[str, ...]:
    """The names of joins of what a task sent, given its scheduled event's details and its output's."""
    service, method = service_of(text_of(scheduled, "resourceType")), text_of(scheduled, "resource").partition(".")[0]
    name = _SENT.get((service, method[:1].lower() + method[1:]))
    if name is None:
        return ()
    return tuple(filter(None, name(parsed(text_of(scheduled, "parameters")), parsed(text_of(output, "output")))))


def _arn(resource: str) -> Attributes:
    parts = resource.split(":")
    if parts[2:3] == ["lambda"] and len(parts) > 6:
        return {"faas.invoked_name": parts[6], "faas.invoked_provider": "aws", "faas.invoked_region": parts[3]}
    return {"aws.step_functions.activity.arn": resource} if ":activity:" in resource else {}


def _function(parameters: _Json) -> Attributes:
    name = text_of(parameters, "FunctionName")
    parts = name.split(":")
    name = parts[6] if len(parts) > 6 else parts[0]
    return {"faas.invoked_name": name, "faas.invoked_provider": "aws"} if name else {}


def _destination(system: str, *keys: str) -> Callable[[_Json], Attributes]:
    def describe(parameters: _Json) -> Attributes:
        target = next((text for key in keys if (text := text_of(parameters, key))), "")
        name = target.replace("/", ":").rpartition(":")[2]
        attributes: Attributes = {"messaging.system": system, "messaging.operation.type": "send"}
        return attributes | ({"messaging.destination.name": name} if name else {})

    return describe


def _table(parameters: _Json) -> Attributes:
    table = text_of(parameters, "TableName").rpartition("/")[2]
    return {"db.system.name": "aws.dynamodb"} | ({"aws.dynamodb.table_names": [table]} if table else {})


def _machine(parameters: _Json) -> Attributes:
    arn = text_of(parameters, "StateMachineArn")
    return {"aws.step_functions.state_machine.arn": arn} if arn else {}


def _object(parameters: _Json) -> Attributes:
    keys = {"aws.s3.bucket": "Bucket", "aws.s3.key": "Key"}
    return {name: text for name, key in keys.items() if (text := text_of(parameters, key))}


_CALLED: Mapping[str, Callable[[_Json], Attributes]] = {
    "Lambda": _function,
    "SQS": _destination("aws_sqs", "QueueUrl"),
    "SNS": _destination("aws.sns", "TopicArn", "TargetArn"),
    "DynamoDB": _table,
    "SFN": _machine,
    "S3": _object,
}


def _request(_: _Json, output: _Json) -> Iterator[str]:
    """The invocation's request id, which is the function's own."""
    http = output.get("SdkHttpMetadata")
    headers = http.get("HttpHeaders") if isinstance(http, dict) else None
    by_name = {name.lower(): value for name, value in headers.items()} if isinstance(headers, dict) else {}
    metadata = output.get("SdkResponseMetadata")
    found = by_name.get("x-amzn-requestid") or (metadata.get("RequestId") if isinstance(metadata, dict) else None)
    if isinstance(found, str) and found:
        yield f"lambda:{found}"


def _message(what: str) -> Callable[[_Json, _Json], Iterator[str]]:
    def name(_: _Json, output: _Json) -> Iterator[str]:
        batch = output.get("Successful")
        for each in (output, *(batch if isinstance(batch, list) else ())):
            if isinstance(each, dict) and (found := text_of(each, "MessageId")):
                yield f"{what}:{found}"

    return name


def _events(_: _Json, output: _Json) -> Iterator[str]:
    entries = output.get("Entries")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and (found := text_of(entry, "EventId")):
            yield f"eventbridge:{found}"


def _execution(_: _Json, output: _Json) -> Iterator[str]:
    if found := text_of(output, "ExecutionArn"):
        yield f"states:{found}"


def _item(parameters: _Json, _: _Json) -> Iterator[str]:
    """Of an item that is named by its key; a whole item does not tell which of its attributes are."""
    table = text_of(parameters, "TableName").rpartition("/")[2]
    if found := pointers.dynamodb_item(table, parameters.get("Key")):
        yield f"dynamodb:{found}"


def _put_object(parameters: _Json, output: _Json) -> Iterator[str]:
    bucket, key, etag = text_of(parameters, "Bucket"), text_of(parameters, "Key"), text_of(output, "ETag")
    if found := pointers.s3_object(bucket, key, etag):
        yield f"s3:{found}"


_SENT: Mapping[tuple[str, str], Callable[[_Json, _Json], Iterator[str]]] = {
    ("Lambda", "invoke"): _request,
    ("SQS", "sendMessage"): _message("sqs"),
    ("SQS", "sendMessageBatch"): _message("sqs"),
    ("SNS", "publish"): _message("sns"),
    ("SNS", "publishBatch"): _message("sns"),
    ("EventBridge", "putEvents"): _events,
    ("SFN", "startExecution"): _execution,
    ("SFN", "startSyncExecution"): _execution,
    ("DynamoDB", "updateItem"): _item,
    ("DynamoDB", "deleteItem"): _item,
    ("S3", "putObject"): _put_object,
}
