"""The parts of an ARN: arn:partition:service:region:account:resource."""


def region_of(arn: str) -> str:
    """The fourth part; "" for what is no ARN."""
    parts = arn.split(":", 5)
    return parts[3] if len(parts) == 6 and parts[0] == "arn" else ""


def last_name(arn: str) -> str:
    """What follows the last colon and slash: a topic's, stream's or table's name. A plain name is itself."""
    return arn.rpartition(":")[2].rpartition("/")[2]
