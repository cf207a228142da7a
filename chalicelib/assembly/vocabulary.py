"""Every warning an assembled trace can carry: its code, and what it tells the reader.

Codes are part of the answer's format: add to them, but do not rename them. A step that meets something odd
mends what it can, leaves a code on the span, and moves on; no step fails.
"""

OWN_PARENT = "own-parent"
PARENT_CYCLE = "parent-cycle"
PARENT_MISSING = "parent-missing"
ID_USED_TWICE = "id-used-twice"
VERSION_REPLACED = "version-replaced"
START_MISSING = "start-missing"
END_MISSING = "end-missing"
END_BEFORE_START = "end-before-start"
CLOCK_CORRECTED = "clock-corrected"
CLOCK_FAR_OFF = "clock-far-off"
INVALID_LINK = "invalid-link"
JOINS_INCOMPLETE = "joins-incomplete"
NO_ROOT = "no-root"
SEVERAL_ROOTS = "several-roots"
SEVERAL_TRACE_IDS = "several-trace-ids"

TEXTS = {
    OWN_PARENT: "The span names itself as its parent; it is shown as a root.",
    PARENT_CYCLE: "The span is its own ancestor. The cycle was opened at its earliest span, which is shown as a root.",
    PARENT_MISSING: "The parent has not been received. It may be late, unsampled, or kept in another system.",
    ID_USED_TWICE: "Different spans carry the same span id; all are shown, children perhaps under the wrong one.",
    VERSION_REPLACED: "The span was sent in several versions; the one that ends last, or says most, is shown.",
    START_MISSING: "The span has no start; it is placed at its end, or at the start of the trace.",
    END_MISSING: "The span has no end (still running, or cut off); it is shown without a length.",
    END_BEFORE_START: "The span ends before it starts; it is shown without a length.",
    CLOCK_CORRECTED: "The span began before its caller did; its process's clock was moved so that it fits.",
    CLOCK_FAR_OFF: "The span began more than a day before its caller did; its times are shown as sent.",
    INVALID_LINK: "The span has a link without a trace id; it is left out.",
    JOINS_INCOMPLETE: "Not everything could be looked up that spans may be joined to; ask for the trace's links.",
    NO_ROOT: "No span without a parent has been received; the trace starts with the earliest span there is.",
    SEVERAL_ROOTS: "The trace has more than one root; paths and the summary speak of the earliest.",
    SEVERAL_TRACE_IDS: "Several trace ids end in the id that was asked for; their spans are shown together.",
}
