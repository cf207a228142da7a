"""What the runtime tells of an invocation beside its event."""

from ..values import Value


class Invoked(Value):
    """Of Lambda's context object, and of its environment.

    `client_context`: what an invoker sent along: the `custom` dict itself, or the object that has it. `xray_header`:
    _X_AMZN_TRACE_ID. Lambda sets it always, with Sampled=0 where X-Ray is off, so it is a link and a join of every
    trigger (Trigger.links, .joins), and never among its contexts. Unknown texts are "".
    """

    __slots__ = ("client_context", "function_name", "invoked_arn", "request_id", "xray_header")

    def __init__(
        self,
        request_id: str = "",
        client_context: object = None,
        xray_header: str = "",
        invoked_arn: str = "",
        function_name: str = "",
    ) -> None:
        self.request_id = request_id
        self.client_context = client_context
        self.xray_header = xray_header
        self.invoked_arn = invoked_arn
        self.function_name = function_name
