"""OTLP/HTTP, the dialect that is also the stored form: protobuf and JSON bodies to and from the same messages."""
