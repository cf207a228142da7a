"""Lambda's runtime, in processes of their own: `python -P sandbox.py <control socket>`.

The process that is started so imports boto3 (which Lambda's image brings along too) and forks a sandbox for each
message on the control socket: {"environment", "path", "handler"} in JSON, with two descriptors, one for invocations
and one for what the function prints. A sandbox imports its handler, says {"pid", "init_ms"}, and answers each line
{"event", "context"} with {"answer"} or {"error"}, until it is killed or nobody asks any more.
"""

import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from typing import Any, NoReturn, TextIO

MESSAGE_BYTES = 65_536


def launch(control: socket.socket) -> None:
    """Fork until the other side hangs up."""
    importlib.import_module("boto3")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a sandbox
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 2)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _become(json.loads(message), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _become(sandbox: dict[str, Any], invocations: int, output: int) -> NoReturn:
    began = time.perf_counter()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(sandbox["environment"])
    sys.path[:0] = sandbox["path"]
    with socket.socket(fileno=invocations).makefile("rw", encoding="utf-8") as conversation:
        try:
            _serve(sandbox["handler"], conversation, began)
        except BaseException:  # noqa: BLE001  # whatever it is, it must not get back into the launcher's loop
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(1)


def _serve(handler_name: str, conversation: TextIO, began: float) -> None:
    module, _, name = handler_name.rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    _say(conversation, {"pid": os.getpid(), "init_ms": (time.perf_counter() - began) * 1000})
    for line in conversation:
        asked = json.loads(line)
        os.environ["_X_AMZN_TRACE_ID"] = asked["context"]["xray_trace_id"]
        _say(conversation, _outcome(handler, asked["event"], Context(asked["context"])))


def _outcome(handler: Any, event: Any, context: "Context") -> dict[str, Any]:
    """What Lambda makes of a call. Its log shows what was raised, as the real runtime's does."""
    try:
        return {"answer": json.loads(json.dumps(handler(event, context)))}
    except Exception as error:  # noqa: BLE001  # a function may raise anything
        stack = traceback.format_exception(error)
        print(f"[ERROR] {type(error).__name__}: {error}\n{''.join(stack)}")
        return {"error": {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": stack}}
    finally:
        sys.stdout.flush()


def _say(conversation: TextIO, what: dict[str, Any]) -> None:
    print(json.dumps(what), file=conversation, flush=True)


class Context:
    """The second argument of a handler."""

    function_version = "$LATEST"
    identity = None

    def __init__(self, told: dict[str, Any]) -> None:
        self.aws_request_id: str = told["request_id"]
        self.invoked_function_arn: str = told["arn"]
        self.client_context = ClientContext(told["client_context"]) if told["client_context"] else None
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline_ms: int = told["deadline_ms"]

    def get_remaining_time_in_millis(self) -> int:
        """Until the sandbox is killed; never negative."""
        return max(0, self._deadline_ms - time.time_ns() // 1_000_000)


class ClientContext:
    """What a caller of Invoke says about itself."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.custom = told.get("custom")
        self.env = told.get("env")
        self.client = told.get("client")


if __name__ == "__main__":
    launch(socket.socket(fileno=int(sys.argv[1])))
