"""What the W3C's test suite for Trace Context asks (w3c/trace-context, test/test.py, level 2, June 2026), as tables.

Restated in our words and with our data; every row is named for what it asks. ./test_w3c.py puts the rows to the format,
tests/conformance puts them over HTTP to an example function behind API Gateway's event.
"""

from typing import NamedTuple

TRACE, SPAN = "5b8aa5a2d2c872e8321cf37308d69df2", "051581bf3cb55c13"
OTHER_TRACE = "7be2fd2f1c4bd2b1f1ad0d0c6f8a9e11"
PARENT = f"00-{TRACE}-{SPAN}-01"
UNSAMPLED = f"00-{TRACE}-{SPAN}-00"


class Case(NamedTuple):
    """A request's headers, whether its trace goes on, and the tracestate that is passed on then."""

    asks: str
    headers: tuple[tuple[str, str], ...]
    is_continued: bool
    tracestate: str = ""


def _parent(asks: str, value: str, *, is_continued: bool = False, name: str = "traceparent") -> Case:
    return Case(asks, ((name, value),), is_continued)


def _state(asks: str, *values: str, passed_on: str = "", name: str = "tracestate") -> Case:
    return Case(asks, (("traceparent", UNSAMPLED), *((name, value) for value in values)), is_continued=True,
                tracestate=passed_on)  # fmt: skip


TRACEPARENTS = (
    Case("neither header", (), is_continued=False),
    _parent("a traceparent alone", PARENT, is_continued=True),
    Case("two traceparents", (("traceparent", PARENT), ("traceparent", f"00-{OTHER_TRACE}-{SPAN}-01")), False),
    _parent("a dash in the name", PARENT, name="trace-parent"),
    _parent("a dot in the name", PARENT, name="trace.parent"),
    _parent("a name in mixed case", PARENT, name="TrAcEpArEnT", is_continued=True),
    _parent("a name in upper case", PARENT, name="TRACEPARENT", is_continued=True),
    _parent("a dot behind version 00", f"{PARENT}."),
    _parent("more fields in version 00", f"{PARENT}-what-comes-later"),
    _parent("a later version", f"cc-{TRACE}-{SPAN}-01", is_continued=True),
    _parent("a later version with more fields", f"cc-{TRACE}-{SPAN}-01-what-comes-later", is_continued=True),
    _parent("a later version with something that is no field", f"cc-{TRACE}-{SPAN}-01.what-comes-later"),
    _parent("version ff", f"ff-{TRACE}-{SPAN}-01"),
    _parent("a version beginning with a dot", f".0-{TRACE}-{SPAN}-01"),
    _parent("a version ending with a dot", f"0.-{TRACE}-{SPAN}-01"),
    _parent("a version of three digits", f"000-{TRACE}-{SPAN}-01"),
    _parent("a version of four digits", f"0000-{TRACE}-{SPAN}-01"),
    _parent("a version of one digit", f"0-{TRACE}-{SPAN}-01"),
    _parent("a trace id of zeros", f"00-{'0' * 32}-{SPAN}-01"),
    _parent("a trace id beginning with a dot", f"00-.{TRACE[1:]}-{SPAN}-01"),
    _parent("a trace id ending with a dot", f"00-{TRACE[:-1]}.-{SPAN}-01"),
    _parent("a trace id that is too long", f"00-{TRACE}3-{SPAN}-01"),
    _parent("a trace id that is too short", f"00-{TRACE[:-1]}-{SPAN}-01"),
    _parent("a trace id in upper case", f"00-{TRACE.upper()}-{SPAN}-01"),
    _parent("a span id of zeros", f"00-{TRACE}-{'0' * 16}-01"),
    _parent("a span id beginning with a dot", f"00-{TRACE}-.{SPAN[1:]}-01"),
    _parent("a span id ending with a dot", f"00-{TRACE}-{SPAN[:-1]}.-01"),
    _parent("a span id that is too long", f"00-{TRACE}-{SPAN}7-01"),
    _parent("a span id that is too short", f"00-{TRACE}-{SPAN[:-1]}-01"),
    _parent("flags beginning with a dot", f"00-{TRACE}-{SPAN}-.0"),
    _parent("flags ending with a dot", f"00-{TRACE}-{SPAN}-0."),
    _parent("flags of three digits", f"00-{TRACE}-{SPAN}-001"),
    _parent("flags of one digit", f"00-{TRACE}-{SPAN}-1"),
    _parent("a blank in front", f" {PARENT}", is_continued=True),
    _parent("a tab in front", f"\t{PARENT}", is_continued=True),
    _parent("a blank behind", f"{PARENT} ", is_continued=True),
    _parent("a tab behind", f"{PARENT}\t", is_continued=True),
    _parent("blanks and tabs on either side", f"\t {PARENT} \t", is_continued=True),
)

KEY_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
VALUE_CHARACTERS = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in ",=")
NUMBERED = [f"k{number:02}=v{number:02}" for number in range(33)]


def _as_it_is(asks: str, value: str) -> Case:
    return _state(asks, value, passed_on=value)


TRACESTATES = (
    Case("a tracestate alone", (("tracestate", "vendor=1"),), is_continued=False),
    Case("a tracestate beside a bad traceparent", (("traceparent", "00"), ("tracestate", "vendor=1")), False),
    _as_it_is("both headers", "vendor=1,rojo=2"),
    _state("a dash in the name", "vendor=1", name="trace-state"),
    _state("a dot in the name", "vendor=1", name="trace.state"),
    _state("a name in mixed case", "vendor=1", name="TrAcEsTaTe", passed_on="vendor=1"),
    _state("an empty header", ""),
    _state("an empty header behind another", "vendor=1", "", passed_on="vendor=1"),
    _state("an empty header before another", "", "vendor=1", passed_on="vendor=1"),
    _state("three headers, in order", "v=1,w=2", "x=3,y=4", "z=5", passed_on="v=1,w=2,x=3,y=4,z=5"),
    _state("the same member twice", "vendor=1,vendor=1", passed_on="vendor=1"),
    _state("a key twice, in one header", "vendor=1,vendor=2", passed_on="vendor=1"),
    _state("a key twice, in two headers", "vendor=1", "vendor=2", passed_on="vendor=1"),
    _as_it_is("every character of a key and of a value", f"{KEY_CHARACTERS}={VALUE_CHARACTERS}"),
    _as_it_is("every character behind an at sign", f"{KEY_CHARACTERS}@{KEY_CHARACTERS}={VALUE_CHARACTERS}"),
    _state("blanks and tabs between members", "v=1 \t , \t w=2, \t x=3", passed_on="v=1,w=2,x=3"),
    _state("tabs and blanks between members", "v=1\t \t,\t \tw=2,\t \tx=3", passed_on="v=1,w=2,x=3"),
    _state("a blank in front", " vendor=1", passed_on="vendor=1"),
    _state("a tab in front", "\tvendor=1", passed_on="vendor=1"),
    _state("a blank behind", "vendor=1 ", passed_on="vendor=1"),
    _state("a tab behind", "vendor=1\t", passed_on="vendor=1"),
    _state("both on either side", "\t vendor=1 \t", passed_on="vendor=1"),
    _state("a member of nothing", "vendor=1,,w=2, ,x=3", passed_on="vendor=1,w=2,x=3"),
    _state("a blank in a key", "ven dor=1,rojo=2"),
    _state("a blank behind a key", "vendor =1"),
    _state("a key in upper case", "VENDOR=1"),
    _state("a dot in a key", "ven.dor=1"),
    _state("a key beginning with an at sign", "@vendor=1,rojo=2"),
    _as_it_is("a key ending with an at sign", "vendor@=1,rojo=2"),
    _as_it_is("two at signs in a row", "vendor@@sub=1,rojo=2"),
    _as_it_is("two at signs", "vendor@sub@sub=1,rojo=2"),
    _as_it_is("a key beginning with a digit", "9vendor=1"),
    _state("32 members", ",".join(NUMBERED[:20]), ",".join(NUMBERED[20:32]), passed_on=",".join(NUMBERED[:32])),
    _state("33 members", ",".join(NUMBERED[:20]), ",".join(NUMBERED[20:])),
    _state("a key of 256", "v=1", "z" * 256 + "=1", passed_on="v=1," + "z" * 256 + "=1"),
    _state("a key of 257", "v=1", "z" * 257 + "=1"),
    _state("a tenant of 242", "v=1", "t" * 242 + "@v=1", passed_on="v=1," + "t" * 242 + "@v=1"),
    _state("a vendor of 15", "v=1", "t@" + "v" * 15 + "=1", passed_on="v=1,t@" + "v" * 15 + "=1"),
    _state("an equals sign in a value", "vendor=bar=baz"),
    _state("no value", "vendor=,rojo=3"),
    _state("no equals sign", "vendor,rojo=3"),
    _as_it_is("a value of 256", "vendor=" + "v" * 256),
    _state("a value of 257", "vendor=" + "v" * 257),
    _state("a letter that is not ASCII", "vendor=ü"),
)

CASES = TRACEPARENTS + TRACESTATES
