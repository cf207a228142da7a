"""The function-side library, published on its own as `spanfold` (infra/library.py copies it, with ../propagation).

Spans of an invocation are kept in memory and leave the function when it answers, or when its time is nearly over. Only
Python's own modules are used, and at import only cheap ones; imports within are relative. A function is never broken by
tracing: what fails in here is swallowed, counted, and said on the invocation's span.
"""
