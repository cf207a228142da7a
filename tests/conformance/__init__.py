"""An example function behind API Gateway's event, for whoever wants to ask it the W3C's questions over HTTP.

What the W3C's suite for Trace Context (w3c/trace-context, test/README.md) wants of a service: that it takes a POST of a
JSON list of {"url", "arguments"}, and posts each one's arguments to its url, with the headers of a span that goes on.
The suite is not part of this repository; `python -m tests.conformance --suite PATH` runs a copy (docs/propagation.md).
"""
