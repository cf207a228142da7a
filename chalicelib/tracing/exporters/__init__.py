"""Ways out of a function: a log line, OTLP over HTTP, a queue. Each is imported when it is chosen."""
