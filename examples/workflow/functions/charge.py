"""Charge the card of an order that is reserved, and begin to send it. One message at a time."""

import json
import os
import time

import boto3
from spanfold import instrument, span, traced

instrument()

orders = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])
states = boto3.client("stepfunctions")


@traced
def handler(event, context):
    [record] = event["Records"]
    order = json.loads(json.loads(record["body"])["Message"])  # an SNS notification within an SQS message
    attempt = orders.update_item(
        Key={"order": order["order"]},
        UpdateExpression="ADD attempts :one",
        ExpressionAttributeValues={":one": 1},
        ReturnValues="UPDATED_NEW",
    )["Attributes"]["attempts"]
    with span("authorise the card", **{"order.id": order["order"], "payment.attempt": int(attempt)}):
        authorise(order["card"], attempt)
    states.start_execution(
        stateMachineArn=os.environ["SHIPPING_ARN"],
        input=json.dumps({"order": order["order"], "express": order["express"]}),
    )


def authorise(card, attempt):
    """A card network in a jar. It does not answer at all the first time it is asked about `tok_slow`."""
    if card == "tok_slow" and attempt == 1:
        time.sleep(900)
    if card == "tok_declined":
        raise ValueError(f"the network declined {card}")
