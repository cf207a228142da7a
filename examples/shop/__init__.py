"""A small serverless shop that sends its traces with the real OpenTelemetry SDK: `python -m examples.shop`.

The shop's functions do nothing but trace themselves, on a clock of their own, so an hour of traffic takes a second.
"""
