"""AWS as six functions see it, on this machine: moto keeps queues, topics, tables and buses, this package plays the
rest.

The rest is what moto has not: it runs functions in processes of their own, delivers messages, events and requests to
them as Lambda does, walks through state machines, and hands on log lines as CloudWatch Logs does.
"""
