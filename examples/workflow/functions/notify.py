"""Write to the customer that the order is on its way. Set off by an event on the shop's bus."""

import os

import boto3
from spanfold import instrument, span, traced

instrument()

orders = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])


@traced
def handler(event, context):
    order_id = event["detail"]["order"]
    with span("write to the customer", **{"order.id": order_id}):
        orders.update_item(
            Key={"order": order_id},
            UpdateExpression="SET told = :yes",
            ExpressionAttributeValues={":yes": True},
        )
