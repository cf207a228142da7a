"""Trace context in every carrier: header formats, and the events that AWS hands to functions. Pure.

It is half of the library that runs inside other people's functions (`spanfold`, see chalicelib/tracing), so it imports
nothing but what Python brings, and of that only what is cheap: no typing, dataclasses, logging, uuid, hashlib or urllib
at import (each costs a cold start milliseconds). Imports within the package are relative, since the library is a copy
under another name.

Nothing here raises, whatever it is given: a header or an event comes from anybody.
"""
