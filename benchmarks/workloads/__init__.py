"""Seeded, realistic OTLP traffic of serverless teams, as OTLP messages and bytes, made without an SDK.

There are two worlds. What ships is tuned on TRAINING alone (the dictionary of codecs/blocks), and every figure is
taken on MEASURING: other teams, services, routes, tables, accounts, regions and customers, and languages that are
only partly the same. What the two share is what any two OTel senders share: the semantic conventions' keys, the
names of instrumentation packages, and enum values.
"""
