"""OTLP JSON bodies: decoding is in json_reader.py, encoding in json_writer.py, so that an ingest need not load both."""

from chalicelib.codecs.otlp.json_reader import decode, decode_in_parts
from chalicelib.codecs.otlp.json_writer import encode

__all__ = ["decode", "decode_in_parts", "encode"]
