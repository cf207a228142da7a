"""Lambda functions that are not HTTP: the facts' stream, the minute's tick, and the work queue.

Each unpacks its event and calls one function of views/, which it imports only then: the function behind the API is
made of the same app.py and pays for none of it. registry.py tells Chalice of them.
"""
