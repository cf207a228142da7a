"""The services we know more of, by the id that botocore's model gives them; each module is imported at its first call.

What only names a thing (a table, a bucket, an ARN) is in the table of attributes; what has more to it has a module.
"""

from importlib import import_module

from .service import UNKNOWN, Service

MODULES = {
    "SQS": "sqs", "SNS": "sns", "EventBridge": "eventbridge", "Kinesis": "kinesis", "SFN": "step_functions",
    "Lambda": "invoke", "S3": "s3", "DynamoDB": "dynamodb",
}  # fmt: skip
# What hands X-Amzn-Trace-Id on to whatever it sets off.
HAND_ON = {
    "SQS": ("SendMessage", "SendMessageBatch"),
    "SNS": ("Publish", "PublishBatch"),
    "EventBridge": ("PutEvents",),
    "SFN": ("StartExecution", "StartSyncExecution"),
    "Lambda": ("Invoke", "InvokeWithResponseStream"),
}
_KNOWN = {
    "Secrets Manager": Service(attributes={"SecretId": "aws.secretsmanager.secret.arn"}),
    "ECS": Service(attributes={"cluster": "aws.ecs.cluster.arn", "task": "aws.ecs.task.arn"}),
    "Firehose": Service(attributes={"DeliveryStreamName": "aws.firehose.delivery_stream_name"}),
    "SSM": Service(attributes={"Name": "aws.ssm.parameter.name"}),
}


def service(service_id: str) -> Service:
    """What we know of it; UNKNOWN for most."""
    if service_id in MODULES and service_id not in _KNOWN:
        _KNOWN[service_id] = import_module(f".{MODULES[service_id]}", __package__).SERVICE
    return _KNOWN.get(service_id, UNKNOWN)
