"""Put an order into a parcel. Called by the state machine."""

from spanfold import span, traced


@traced
def handler(event, context):
    with span("fold the box"):
        return {"order": event["order"], "express": event["express"], "parcel": f"parcel-of-{event['order']}"}
