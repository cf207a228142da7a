"""Services of memory stores: what a test does not choose is there, works, and is forgotten with it."""

import time
from typing import Any

from chalicelib.access.gates import OpenGate
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.storage.memory import MemoryBlockStore, MemorySamplingStore, MemoryViewStore, MemoryWorkQueue
from tests.recording import RecordingTelemetry

TENANT = "default"


def services_in_memory(**chosen: Any) -> Services:
    """Services, each part as `chosen` or else in memory; the stores go by the chosen `now_ns`."""
    settings = chosen.get("settings") or Settings()
    now_ns = chosen.get("now_ns") or time.time_ns
    parts = {
        "settings": settings,
        "blocks": MemoryBlockStore(now_ns, settings.retention_s),
        "views": MemoryViewStore(now_ns),
        "sampling": MemorySamplingStore(),
        "queue": MemoryWorkQueue(),
        "gate": OpenGate(TENANT),
        "telemetry": RecordingTelemetry(),
        "now_ns": now_ns,
    }
    return Services(**(parts | chosen))
