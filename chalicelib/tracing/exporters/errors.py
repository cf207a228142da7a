"""What an exporter raises when spans did not get out, in words for whoever reads the invocation's span."""


class ExportError(Exception):
    """Spans were lost, or wait for the next flush; the message says which and why."""
