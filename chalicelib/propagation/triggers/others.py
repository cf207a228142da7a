"""Sources that can carry next to nothing: each is a root of its kind, known by the keys of its event.

Shapes: Lambda developer guide, "Invoking Lambda with events from other AWS services", and each service's own guide
(read November 2026). Cognito hands on what a client put into clientMetadata; an IoT rule's event is the device's own
JSON, and read as an invocation's payload unless it is of an IoT button or of IoT Core's authorizer.
"""

from ..composite import NOTHING
from . import carriers
from .trigger import Trigger
from .untrusted import at, join, mapping, present, text, text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .invoked import Invoked

    Json = dict[str, object]

# kind: the keys by which its event is known, and where its request's id lies
SHAPES: "tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]" = (
    ("alexa", ("session", "request", "version"), ("request", "requestId")),
    ("alexa", ("context", "request", "version"), ("request", "requestId")),
    ("alexa", ("directive",), ("directive", "header", "messageId")),
    ("config", ("invokingEvent", "configRuleName"), ()),
    ("cloudformation", ("RequestType", "ResponseURL", "StackId", "LogicalResourceId"), ("RequestId",)),
    ("codepipeline", ("CodePipeline.job",), ("CodePipeline.job", "id")),
    ("secrets-manager", ("Step", "SecretId", "ClientRequestToken"), ("ClientRequestToken",)),
    ("s3-batch", ("invocationSchemaVersion", "tasks", "job"), ("invocationId",)),
    ("s3-object-lambda", ("getObjectContext", "xAmzRequestId"), ("xAmzRequestId",)),
    ("cloudwatch-alarm", ("alarmArn", "alarmData"), ()),
    ("connect", ("Name", "Details"), ("Details", "ContactData", "ContactId")),
    ("lex", ("bot", "sessionState"), ("sessionId",)),
    ("lex", ("bot", "currentIntent"), ()),
    ("bedrock-agent", ("messageVersion", "agent"), ("sessionId",)),
    ("iot", ("protocolData", "protocols"), ("connectionMetadata", "id")),
    ("iot", ("serialNumber", "clickType"), ()),
    ("iot", ("deviceInfo", "deviceEvent"), ()),
)


def cognito(event: "Json", _invoked: "Invoked") -> Trigger:
    """A trigger of a user pool, or the synchronisation of an identity pool."""
    extracted = carriers.of_headers(at(event, "request", "clientMetadata"))
    return Trigger(
        "cognito",
        "other",
        source=text(event.get("userPoolId")) or text(event.get("identityPoolId")),
        attributes=present({"spanfold.cognito.trigger": text(event.get("triggerSource"))}),
        contexts=extracted.contexts,
        baggage=extracted.baggage,
        joins=carriers.xray_joins(extracted),
    )


def ses(records: "list[object]", _event: "Json") -> Trigger:
    """A mail that SES received."""
    message_id = text_at(records[0], "ses", "mail", "messageId") if records else ""
    attributes = present({"messaging.message.id": message_id})
    return Trigger("ses", "other", attributes=attributes, joins=join("ses", message_id))


def codecommit(records: "list[object]", _event: "Json") -> Trigger:
    """A push to a repository."""
    return Trigger("codecommit", "other", joins=join("codecommit", at(records[0], "eventId")) if records else ())


def plain(event: "Json", _invoked: "Invoked") -> Trigger:
    """One of SHAPES."""
    for kind, keys, where in SHAPES:
        if all(key in event for key in keys):
            wanted = at(event, "userRequest", "headers") if kind == "s3-object-lambda" else None
            extracted = carriers.of_headers(wanted) if isinstance(wanted, dict) else NOTHING
            request_id = at(mapping(event), *where) if where else None
            name = "s3-request" if kind == "s3-object-lambda" else kind
            return Trigger(
                kind, "other", contexts=extracted.contexts, baggage=extracted.baggage, joins=join(name, request_id)
            )
    return Trigger()
