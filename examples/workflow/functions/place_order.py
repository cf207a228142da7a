"""POST /orders: keep the order, and ask for each of its lines to be reserved."""

import json
import os
import uuid

import boto3
from spanfold import current_span, instrument, span, traced

instrument()

orders = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])
queue = boto3.resource("sqs").Queue(os.environ["STOCK_QUEUE_URL"])


@traced
def handler(event, context):
    order = json.loads(event["body"])
    order_id = order.get("id") or uuid.uuid4().hex[:8]
    current_span().set_attribute("order.id", order_id)
    with span("keep the order", **{"order.lines": len(order["lines"])}):
        orders.put_item(Item={"order": order_id, "card": order["card"], "express": bool(order.get("express"))})
    entries = [
        {
            "Id": str(number),
            "MessageBody": json.dumps(
                {"order": order_id, "line": f"{number}:{sku}", "sku": sku, "of": len(order["lines"])}
            ),
        }
        for number, sku in enumerate(order["lines"])
    ]
    queue.send_messages(Entries=entries)
    return {"statusCode": 202, "body": json.dumps({"order": order_id})}
