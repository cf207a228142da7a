"""Give a parcel to the carrier, and tell everybody who wants to know. Called by the state machine."""

import json
import os

import boto3
from spanfold import instrument, traced

instrument()

bus = boto3.client("events")


@traced
def handler(event, context):
    bus.put_events(
        Entries=[
            {
                "EventBusName": os.environ["SHOP_BUS"],
                "Source": "shop.shipping",
                "DetailType": "OrderShipped",
                "Detail": json.dumps({"order": event["order"], "parcel": event["parcel"]}),
            }
        ]
    )
    return {"order": event["order"], "shipped": True}
