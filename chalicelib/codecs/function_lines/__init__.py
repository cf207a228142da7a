"""What functions write to their log, or send through a queue: a JSON object of spans, ours or otlp-stdout's."""
