"""Take what was ordered off the shelves. A line whose shelf is empty is tried again, and only that line.

An order whose last line was reserved is announced on a topic.
"""

import json
import os

import boto3
from spanfold import current_span, instrument, records, traced

instrument()

dynamodb = boto3.resource("dynamodb")
stock = dynamodb.Table(os.environ["STOCK_TABLE"])
orders = dynamodb.Table(os.environ["ORDERS_TABLE"])
topic = boto3.resource("sns").Topic(os.environ["RESERVED_TOPIC_ARN"])


@traced
def handler(event, context):
    failures = []
    for record in records(event):  # a span for each message, linked to whoever sent it
        try:
            reserve(json.loads(record["body"]))
        except stock.meta.client.exceptions.ConditionalCheckFailedException as empty:
            current_span().record_exception(empty)
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def reserve(line):
    stock.update_item(
        Key={"sku": line["sku"]},
        UpdateExpression="ADD on_hand :minus_one",
        ConditionExpression="on_hand > :none",
        ExpressionAttributeValues={":minus_one": -1, ":none": 0},
    )
    order = orders.update_item(
        Key={"order": line["order"]},
        UpdateExpression="ADD reserved :line",  # a set: to reserve a line twice changes nothing
        ExpressionAttributeValues={":line": {line["line"]}},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    if len(order["reserved"]) == line["of"]:
        topic.publish(Message=json.dumps({"order": line["order"], "card": order["card"], "express": order["express"]}))
