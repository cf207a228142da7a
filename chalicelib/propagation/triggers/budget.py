"""How much of an event may be opened in search of contexts."""

MAX_BODY_CHARS = 262_144  # of one body; EventBridge's entries and most messages end there
MAX_EVENT_CHARS = 1_048_576  # of all bodies of one event: some ten milliseconds of JSON
MAX_DEPTH = 5  # bodies within bodies: a result of Lambda's within EventBridge within SNS within SQS is 4
MAX_WIDTH = 16  # records within a body; S3 sends one


class Budget:
    """Characters of bodies that may still be parsed for one event."""

    __slots__ = ("chars",)

    def __init__(self, chars: int = MAX_EVENT_CHARS) -> None:
        self.chars = chars

    def allows(self, chars: int) -> bool:
        """Whether a body of this length may be parsed; if so it is counted."""
        if chars > MAX_BODY_CHARS or chars > self.chars:
            return False
        self.chars -= chars
        return True
