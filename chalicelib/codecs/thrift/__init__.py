"""Apache Thrift's wire formats, binary and compact, read by tables and written for tests and answers.

Jaeger's clients post a struct, Zipkin's older ones a list of structs; neither wraps them in a message. A body comes
from anybody: it is read within its own length and to a bounded depth, and everything built from it weighs at most some
MEMORY_MULTIPLE times as much.
"""

MEMORY_MULTIPLE = 120  # of the body: a list of structs with one small field each is the worst there is, see the test
"""What reading may take, as a multiple of the body, for tables whose structs have a field that must be there."""
