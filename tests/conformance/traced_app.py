"""The same as a Chalice app, the whole of which is traced."""

import json

from chalice.app import Chalice, Response

from chalicelib.tracing import instrument, traced
from tests.conformance.formats_only import post
from tests.conformance.service import PATH


def create() -> Chalice:
    """An app that calls whom the body names."""
    instrument("http.client")
    app = Chalice("conformance", configure_logs=False, env={})

    @app.route(PATH, methods=["POST"], content_types=["*/*"])
    def call() -> Response:
        for one in json.loads(app.current_request.raw_body or "[]"):
            post(one["url"], one["arguments"], {"Content-Type": "application/json"})
        return Response(None, status_code=200)

    traced(app)
    return app
