"""OTLP traces: bytes in both media types, the upb messages between them, and the model's spans."""
