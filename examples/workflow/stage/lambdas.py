"""Lambda's part: sandboxes, invocations with their deadline, and the lines that an invocation leaves in its log."""

import json
import math
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from examples.workflow.stage.logs import LogEvent, Subscription, now_ms
from examples.workflow.stage.template import REGION

SANDBOX = Path(__file__).parent / "sandbox.py"
INIT_LIMIT_S = 30.0  # Lambda gives ten; this machine may be busy
MEMORY_USED_MB = 70  # said in REPORT lines, and not measured

TIMED_OUT = "Sandbox.Timedout"  # what Lambda calls the error of a function that was too slow
EXITED = "Runtime.ExitError"


class Invoked(NamedTuple):
    """What became of an invocation: `error` is None, or as Lambda reports it (errorType, errorMessage)."""

    request_id: str
    answer: Any
    error: dict[str, Any] | None


class Launcher:
    """Makes sandboxes; see sandbox.py."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def sandbox(self, handler: str, path: Sequence[str], environment: Mapping[str, str]) -> "Sandbox":
        """A process that has imported `handler`, or died of it."""
        ours, theirs = socket.socketpair()
        read_end, write_end = os.pipe()
        told = {"handler": handler, "path": list(path), "environment": dict(environment)}
        socket.send_fds(self._control, [json.dumps(told).encode()], [theirs.fileno(), write_end])
        theirs.close()
        os.close(write_end)
        return Sandbox(ours, read_end)


@contextmanager
def launcher() -> Iterator[Launcher]:
    """Its process, and with it every sandbox, ends on leaving."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        command = [sys.executable, "-P", str(SANDBOX), str(theirs.fileno())]
        with subprocess.Popen(command, pass_fds=[theirs.fileno()]):  # noqa: S603  # our own words
            theirs.close()
            try:
                yield Launcher(ours)
            finally:
                ours.close()  # which ends it, and the process is waited for


class Sandbox:
    """One process, which runs one invocation after the other. `init_ms` is None once it has been told."""

    def __init__(self, conversation: socket.socket, output: int) -> None:
        self.is_dead = False
        self._conversation = conversation
        self._output = output
        self._said = b""
        self._printed: list[tuple[int, bytes]] = []
        self._selector = selectors.DefaultSelector()
        for descriptor in (conversation.fileno(), output):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ)
        ready = self._hear(INIT_LIMIT_S) or {}
        self._pid: int = ready.get("pid", 0)
        self.init_ms: float | None = ready.get("init_ms")

    def ask(self, event: Any, context: Mapping[str, Any], limit_s: float) -> dict[str, Any] | None:
        """{"answer"} or {"error"}; None if the time was over or the process died, and then there is no process left."""
        if not self.is_dead:
            os.set_blocking(self._conversation.fileno(), True)
            self._conversation.sendall(json.dumps({"event": event, "context": context}).encode() + b"\n")
            os.set_blocking(self._conversation.fileno(), False)
        return self._hear(limit_s)

    def printed(self) -> list[LogEvent]:
        """The lines that were printed since this was last asked, each with the time at which it was complete."""
        events, begun = [], b""
        for time_ms, chunk in self._printed:
            *lines, begun = (begun + chunk).split(b"\n")
            events += [LogEvent(time_ms, f"{line.decode(errors='replace')}\n") for line in lines]
        self._printed = [(now_ms(), begun)] if begun else []
        return events

    def kill(self) -> None:
        """End the process, and hear out what it had printed."""
        if self._pid and not self.is_dead:
            os.kill(self._pid, signal.SIGKILL)
        self._bury()

    def close(self) -> None:
        """Hang up, which ends the process."""
        if self.is_dead and self._output < 0:
            return
        self.is_dead = True
        self._selector.close()
        self._conversation.close()
        os.close(self._output)
        self._output = -1

    def _hear(self, limit_s: float) -> dict[str, Any] | None:
        ends_s = time.monotonic() + limit_s
        while not self.is_dead and b"\n" not in self._said:
            ready = self._selector.select(max(0.0, ends_s - time.monotonic()))
            if not ready:
                return None
            for key, _ in ready:
                if not self.is_dead:  # by what the one before said
                    self._take(key.fd)
        line, _, self._said = self._said.partition(b"\n")
        self._drain()
        return json.loads(line) if line else None

    def _take(self, descriptor: int) -> None:
        chunk = os.read(descriptor, 65_536)
        if descriptor == self._output:
            self._printed.append((now_ms(), chunk))
            if not chunk:
                self._selector.unregister(descriptor)
        elif chunk:
            self._said += chunk
        else:
            self._bury()

    def _drain(self) -> None:
        """What was printed before the answer is in the pipe by now."""
        try:
            while self._output >= 0 and (chunk := os.read(self._output, 65_536)):
                self._printed.append((now_ms(), chunk))
        except BlockingIOError:
            pass

    def _bury(self) -> None:
        if self.is_dead:
            return
        os.set_blocking(self._output, True)  # the process is gone: this ends
        self._drain()
        self.close()


class Declared(NamedTuple):
    """What a template says of a function. `path`: the folders that its handler's imports are looked up in."""

    name: str
    arn: str
    handler: str
    path: Sequence[str]
    environment: Mapping[str, str]
    memory_mb: int
    timeout_s: float


class Function:
    """A deployed function. It has one sandbox at a time: cold at first, and again after one had to be killed."""

    def __init__(self, declared: Declared, subscription: Subscription, launcher: Launcher) -> None:
        self.declared = declared
        self._subscription = subscription
        self._launcher = launcher
        self._sandbox: Sandbox | None = None
        self._stream = ""

    def invoke(self, event: Any, *, xray: str = "", client_context: Mapping[str, Any] | None = None) -> Invoked:
        """Run the handler, and hand on what it logged. `xray` is X-Ray's header of whoever invokes it."""
        log: list[LogEvent] = []
        sandbox = self._ready(log)
        request_id, trace = str(uuid.uuid4()), _xray_environment(xray)
        log.append(LogEvent(now_ms(), f"START RequestId: {request_id} Version: $LATEST\n"))
        began_s = time.monotonic()
        context = {
            "request_id": request_id,
            "arn": self.declared.arn,
            "client_context": dict(client_context) if client_context else None,
            "deadline_ms": now_ms() + int(self.declared.timeout_s * 1000),
            "xray_trace_id": trace,
        }
        outcome = sandbox.ask(event, context, self.declared.timeout_s)
        took_ms = (time.monotonic() - began_s) * 1000
        is_late = outcome is None and not sandbox.is_dead
        if outcome is None:
            sandbox.kill()
        log += sandbox.printed()
        log += self._last_lines(request_id, took_ms, sandbox, is_late=is_late, has_died=outcome is None)
        sandbox.init_ms = None
        self._subscription.put(self._stream, log)
        return _invoked(request_id, outcome, self.declared.timeout_s, is_late=is_late)

    def close(self) -> None:
        """Give up the sandbox."""
        if self._sandbox:
            self._sandbox.close()

    def _ready(self, log: list[LogEvent]) -> Sandbox:
        if self._sandbox is None or self._sandbox.is_dead:
            self._stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/{self.declared.name}[$LATEST]{uuid.uuid4().hex}"
            log.append(
                LogEvent(
                    now_ms(), f"INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: {self.declared.arn}\n"
                )
            )
            self._sandbox = self._launcher.sandbox(
                self.declared.handler, self.declared.path, self._lambda_environment()
            )
        return self._sandbox

    def _lambda_environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "stage",
            "AWS_SECRET_ACCESS_KEY": "stage",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": self.declared.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.declared.memory_mb),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self._subscription.group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self._stream,
            "_HANDLER": self.declared.handler,
            "TZ": ":UTC",
            **self.declared.environment,
        }

    def _last_lines(
        self, request_id: str, took_ms: float, sandbox: Sandbox, *, is_late: bool, has_died: bool
    ) -> list[LogEvent]:
        time_ms = now_ms()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_ms // 1000)) + f".{time_ms % 1000:03d}Z"
        words = []
        if is_late:
            words.append(f"{stamp} {request_id} Task timed out after {self.declared.timeout_s:.2f} seconds\n")
        elif has_died:
            words.append(f"RequestId: {request_id} Error: Runtime exited with error: exit status 1\n{EXITED}\n")
        words.append(f"END RequestId: {request_id}\n")
        report = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {took_ms:.2f} ms",
            f"Billed Duration: {math.ceil(took_ms)} ms",
            f"Memory Size: {self.declared.memory_mb} MB",
            f"Max Memory Used: {MEMORY_USED_MB} MB",
        ]
        report += [f"Init Duration: {sandbox.init_ms:.2f} ms"] if sandbox.init_ms is not None else []
        report += ["Status: timeout"] if is_late else [f"Status: error\tError Type: {EXITED}"] if has_died else []
        words.append("\t".join(report) + "\t\n")
        return [LogEvent(time_ms, word) for word in words]


def _invoked(request_id: str, outcome: dict[str, Any] | None, timeout_s: float, *, is_late: bool) -> Invoked:
    if outcome is not None:
        return Invoked(request_id, outcome.get("answer"), outcome.get("error"))
    said = f"Task timed out after {timeout_s:.2f} seconds" if is_late else "Runtime exited with error: exit status 1"
    error_type = TIMED_OUT if is_late else EXITED
    return Invoked(
        request_id, None, {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {said}"}
    )


def _xray_environment(header: str) -> str:
    """_X_AMZN_TRACE_ID as a function sees it that has no active tracing: always there, and never sampled."""
    lineage = uuid.uuid4().hex[:8]
    given = dict(part.split("=", 1) for part in header.split(";") if "=" in part)
    root = given.get("Root") or f"1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
    return f"Root={root};Parent={given.get('Parent') or uuid.uuid4().hex[:16]};Sampled=0;Lineage=1:{lineage}:0"
