"""Spanfold's Lambda functions. `app` answers API Gateway; its routes are in chalicelib/routes."""

from chalicelib import wiring
from chalicelib.routes import gateway

app = gateway.create(wiring.services())
