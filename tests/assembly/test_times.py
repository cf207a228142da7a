from chalicelib.assembly.steps import assemble
from tests.actors import MS, NOON_NS, named, span
from tests.assembly.reading import codes


def test_a_span_without_an_end_has_no_length_and_a_warning():
    row = assemble([span("running", end_ns=0)]).spans[0]
    assert (row.duration_ns, row.warnings) == (0, ("end-missing",))


def test_a_span_that_ends_before_it_starts_has_no_length_and_a_warning():
    row = assemble([span("backwards", at=(10, 4))]).spans[0]
    assert (row.start_time_unix_nano, row.duration_ns) == (str(NOON_NS + 10 * MS), 0)
    assert row.warnings == ("end-before-start",)


def test_a_span_without_a_start_stands_at_its_end_and_does_not_stretch_the_trace_to_1970():
    trace = assemble([span("root", at=(0, 10)), span("no start", parent="root", at=(0, 6), start_ns=0)])
    assert named(trace.spans)["no start"].offset_ns == 6 * MS
    assert named(trace.spans)["no start"].warnings == ("start-missing",)
    assert trace.summary.duration_ns == 10 * MS


def test_a_span_without_any_time_stands_at_the_start_of_the_trace():
    trace = assemble([span("root", at=(3, 10)), span("timeless", parent="root", start_ns=0, end_ns=0)])
    assert named(trace.spans)["timeless"].offset_ns == 0
    assert codes(trace) == {"start-missing", "end-missing"}


def test_offsets_count_from_the_earliest_start_of_all():
    trace = assemble([span("root", at=(5, 10)), span("orphan", parent="gone", at=(2, 30))])
    assert trace.summary.start_time_unix_nano == str(NOON_NS + 2 * MS)
    assert trace.summary.duration_ns == 28 * MS
    assert [row.offset_ns for row in trace.spans] == [3 * MS, 0]


def test_the_ends_of_the_range_of_times_are_legal():
    latest = 2**64 - 1
    trace = assemble([span("early", start_ns=1, end_ns=latest), span("late", start_ns=latest, end_ns=latest)])
    assert trace.summary.duration_ns == latest - 1
