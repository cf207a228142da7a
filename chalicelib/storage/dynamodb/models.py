"""What an item of each table looks like, as PynamoDB models: types, names, and which attributes may be absent.

The models say what items are and read them; calls go through the container's one client (client.py), so they carry
no table name, region or endpoint, and two of them do not mean two clients (80 ms each on a cold start). The write
path makes facts without FactItem, since a model instance costs 20 to 35 microseconds and a plain dict one
(items.py; benchmarks/sdk_share.py; a test holds the two equal).
"""

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.models import Model


class FactItem(Model):
    """One block. Names are short because each byte counts toward the 1 KB of a write unit."""

    pk = BinaryAttribute(hash_key=True, legacy_encoding=False)
    sk = BinaryAttribute(range_key=True, legacy_encoding=False)
    packed = BinaryAttribute(attr_name="b", legacy_encoding=False)
    format = NumberAttribute(attr_name="f")  # of `packed`: codecs/blocks
    span_count = NumberAttribute(attr_name="n")
    arrived_ms = NumberAttribute(attr_name="at")  # epoch
    expires_at = NumberAttribute()  # epoch seconds
    undecided = BooleanAttribute(attr_name="u", null=True)  # only where it is true: every byte counts
    covers = BinaryAttribute(attr_name="c", legacy_encoding=False, null=True)  # consolidated: 12 bytes for each digest
    first_arrived_ms = NumberAttribute(attr_name="fa", null=True)  # consolidated


class ViewItem(Model):
    """One view."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    body = BinaryAttribute(attr_name="b", legacy_encoding=False, null=True)  # absent: empty
    expires_at = NumberAttribute()  # epoch seconds


class SamplingItem(Model):
    """What a tenant decided about sampling: pk "sampling#<tenant>", sk "policies" (tail) or "strategies" (remote)."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    document = BinaryAttribute(legacy_encoding=False)


class KeyItem(Model):
    """One API key, found by its id alone: pk "key#<id>", sk "key"."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    secret_sha256 = BinaryAttribute(legacy_encoding=False)
    tenant = UnicodeAttribute()
    scopes = UnicodeSetAttribute(null=True)  # DynamoDB keeps no empty set
    expires_at = NumberAttribute(null=True)  # epoch seconds; absent: never
    note = UnicodeAttribute(null=True)
