"""Hashes that name an S3 object's version or a DynamoDB item: whoever wrote it and whoever is told of it agree on them.

They are Datadog's span pointers (dd-trace-py, ddtrace/_trace/_span_pointer.py, Aug 2026), so that either library can be
at either end: the first 32 hex digits of the SHA-256 of the parts, joined by "|". What is missing or of no known type
gives "", and hashlib is imported when the first is asked for.
"""


def s3_object(bucket: str, key: str, etag: str) -> str:
    """32 hex digits of an object as it was written; "" if a part is missing. `key` decoded, `etag` quoted or not."""
    etag = etag.strip('"')
    return _hash(bucket, key, etag) if bucket and key and etag else ""


def dynamodb_item(table: str, keys: object) -> str:
    """32 hex digits of an item by its one or two `keys`; "" if they are not that.

    `keys` maps names to values as in a stream's record ({"id": {"S": "7"}}, bytes in base64), as botocore's client
    takes them (bytes as they are) or as its resource does (plain values).
    """
    if not table or not isinstance(keys, dict) or not 1 <= len(keys) <= 2:
        return ""
    parts = [table]
    for name in sorted(name for name in keys if isinstance(name, str)):
        parts += name, _key_value(keys[name])
    if len(parts) != 1 + 2 * len(keys) or not all(parts):
        return ""
    return _hash(*parts, *("", "")[: 5 - len(parts)])


def _key_value(value: object) -> str:
    if isinstance(value, dict):
        if len(value) != 1:
            return ""
        kind, value = next(iter(value.items()))
        if kind not in ("S", "N", "B"):
            return ""
    if isinstance(value, str):
        return value
    value = getattr(value, "value", value)  # boto3.dynamodb.types.Binary
    if isinstance(value, (bytes, bytearray)):
        from base64 import b64encode  # noqa: PLC0415

        return b64encode(value).decode()
    return "" if isinstance(value, (bool, dict, list, set, float, type(None))) else str(value)  # int, Decimal


def _hash(*parts: str) -> str:
    import hashlib  # noqa: PLC0415  # a millisecond of a cold start, and few functions need it

    return hashlib.sha256("|".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]
