"""Names out of ARNs: "arn:aws:sqs:eu-west-1:123456789012:orders" is "orders"."""

from .untrusted import MAX_ID_CHARS, text

_PARTS = 5  # colons before the resource


def resource(arn: object) -> str:
    """What follows the account: "orders", "table/orders/stream/2026-…"; "" for what is no ARN."""
    found = text(arn)
    if not found.startswith("arn:") or len(found) > MAX_ID_CHARS:
        return ""
    parts = found.split(":", _PARTS)
    return parts[_PARTS] if len(parts) > _PARTS else ""


def name(arn: object) -> str:
    """The resource's name without its type: of a queue, topic, stream, table, rule, schedule, state machine."""
    found = resource(arn)
    _, slash, after_type = found.partition("/")
    if slash:
        return after_type.partition("/")[0]
    return found.rpartition(":")[2]


def queue_url(arn: object) -> str:
    """The URL by which an SQS queue is called, as botocore's spans have it; "" for what is no queue's ARN."""
    parts = text(arn)[:MAX_ID_CHARS].split(":")
    if len(parts) != _PARTS + 1 or parts[2] != "sqs":
        return ""
    _, partition, _, region, account, queue = parts
    return f"https://sqs.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}/{account}/{queue}"
