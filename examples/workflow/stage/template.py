"""A SAM template, made on moto: what `sam deploy` would make, as far as template.yaml goes.

A resource is made when something first refers to it, so that the order in the file does not matter. Functions are not
made but described (`functions`): lambdas.py runs them.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import yaml

ACCOUNT = "123456789012"
REGION = "us-east-1"

Properties = dict[str, Any]
Attributes = dict[str, str]  # what Ref ("Ref") and Fn::GetAtt (by name) give


class _Loader(yaml.SafeLoader):
    """`!Ref X` reads as {"Ref": "X"}, any other `!Name …` as {"Fn::Name": …}."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": loader.construct_scalar(node)}  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _intrinsic)


class Stack:
    """The resources of a template under a stack's name. Call `make` first."""

    def __init__(self, path: Path, name: str, parameters: dict[str, str]) -> None:
        self.name = name
        self.folder = path.parent
        self._document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # it is a SafeLoader
        self._known = {
            "AWS::AccountId": {"Ref": ACCOUNT},
            "AWS::Region": {"Ref": REGION},
            "AWS::URLSuffix": {"Ref": "amazonaws.com"},
            "AWS::StackName": {"Ref": name},
        } | {parameter: {"Ref": value} for parameter, value in parameters.items()}

    def make(self) -> None:
        """Everything that the template declares."""
        for logical_id in self._document["Resources"]:
            self.attributes(logical_id)

    def attributes(self, logical_id: str) -> Attributes:
        """What Ref and GetAtt say of a resource, which is made if it is not yet there."""
        if logical_id not in self._known:
            declared = self._document["Resources"][logical_id]
            maker = _MAKERS.get(declared["Type"], _nothing)
            self._known[logical_id] = maker(self, logical_id, declared.get("Properties", {}))
        return self._known[logical_id]

    def of_type(self, kind: str) -> dict[str, Properties]:
        """The properties of all resources of a type, resolved, by logical id."""
        return {
            logical_id: self.resolve(declared.get("Properties", {}))
            for logical_id, declared in self._document["Resources"].items()
            if declared["Type"] == kind
        }

    def functions(self) -> dict[str, Properties]:
        """The functions by logical id, with what Globals gives to all."""
        everyones = self.resolve(self._document["Globals"]["Function"])
        return {name: everyones | own for name, own in self.of_type("AWS::Serverless::Function").items()}

    def resolve(self, value: Any) -> Any:
        """`value` without intrinsic functions."""
        match value:
            case {"Ref": str(name)}:
                return self.attributes(name)["Ref"]
            case {"Fn::GetAtt": str(name)}:
                return self.attributes(name.split(".")[0])[name.split(".")[1]]
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{(.*?)\}", lambda found: self.attributes(found[1])["Ref"], text)
            case dict():
                return {name: self.resolve(inner) for name, inner in value.items()}
            case list():
                return [self.resolve(inner) for inner in value]
        return value


def client(service: str) -> Any:
    """Of moto, in this process."""
    return boto3.client(service, region_name=REGION, aws_access_key_id="stage", aws_secret_access_key="stage")  # noqa: S106


def arn(service: str, resource: str) -> str:
    """Of this account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _nothing(_stack: Stack, logical_id: str, _properties: Properties) -> Attributes:
    return {"Ref": logical_id}


def _table(stack: Stack, logical_id: str, properties: Properties) -> Attributes:
    name, key = f"{stack.name}-{logical_id}", properties["PrimaryKey"]
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key["Name"], "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key["Name"], "AttributeType": key["Type"][0]}],
        BillingMode="PAY_PER_REQUEST",
    )
    return {"Ref": name, "Arn": arn("dynamodb", f"table/{name}")}


def _queue(stack: Stack, logical_id: str, properties: Properties) -> Attributes:
    name = f"{stack.name}-{logical_id}"
    told = {key: stack.resolve(value) for key, value in properties.items()}
    attributes = {key: json.dumps(value) if isinstance(value, dict) else str(value) for key, value in told.items()}
    url = client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return {"Ref": url, "Arn": arn("sqs", name), "QueueName": name}


def _topic(stack: Stack, logical_id: str, _properties: Properties) -> Attributes:
    name = f"{stack.name}-{logical_id}"
    return {"Ref": client("sns").create_topic(Name=name)["TopicArn"], "TopicName": name}


def _subscription(stack: Stack, logical_id: str, properties: Properties) -> Attributes:
    client("sns").subscribe(**stack.resolve(properties))
    return {"Ref": logical_id}


def _function(stack: Stack, logical_id: str, _properties: Properties) -> Attributes:
    name = f"{stack.name}-{logical_id}"
    return {"Ref": name, "Arn": arn("lambda", f"function:{name}")}


def _bus(stack: Stack, _logical_id: str, properties: Properties) -> Attributes:
    name = stack.resolve(properties["Name"])
    client("events").create_event_bus(Name=name)
    return {"Ref": name, "Arn": arn("events", f"event-bus/{name}")}


def _state_machine(stack: Stack, logical_id: str, properties: Properties) -> Attributes:
    name = f"{stack.name}-{logical_id}"
    text = (stack.folder / properties["DefinitionUri"]).read_text(encoding="utf-8")
    values = stack.resolve(properties.get("DefinitionSubstitutions", {}))
    made = client("stepfunctions").create_state_machine(
        name=name,
        definition=re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}",
    )
    return {"Ref": made["stateMachineArn"], "Arn": made["stateMachineArn"], "Name": name}


def _log_group(stack: Stack, logical_id: str, properties: Properties) -> Attributes:
    name = stack.resolve(properties.get("LogGroupName", f"{stack.name}-{logical_id}"))
    return {"Ref": name, "Arn": arn("logs", f"log-group:{name}:*")}


_MAKERS: dict[str, Callable[[Stack, str, Properties], Attributes]] = {
    "AWS::Serverless::SimpleTable": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::Subscription": _subscription,
    "AWS::Serverless::Function": _function,
    "AWS::Events::EventBus": _bus,
    "AWS::Serverless::StateMachine": _state_machine,
    "AWS::Logs::LogGroup": _log_group,
}
