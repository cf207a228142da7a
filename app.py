"""Spanfold's Lambda functions. `app` answers API Gateway; its routes are in chalicelib/routes, the others' work in
chalicelib/functions.
"""

import gc

from chalicelib import wiring
from chalicelib.functions import registry
from chalicelib.routes import gateway

# A post leaves nine small objects in cycles, and the SDK's client, which the first request makes, tens of thousands
# that stay. Looking for garbage every 700 objects was a quarter of a cold start's CPU, and found nothing.
gc.set_threshold(10_000)

app = gateway.create(wiring.services())
index_stream, seal, work, receive_logs, receive_queue, receive_stream = registry.register(app, wiring.services())
