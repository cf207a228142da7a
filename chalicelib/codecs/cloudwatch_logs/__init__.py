"""CloudWatch Logs: what a subscription delivers, what Lambda itself writes there, and which lines of a log are ours."""
