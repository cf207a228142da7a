"""What an editor completes TraceQL with: names of tags, and their values, in Tempo's two versions.

A tag is an attribute or an intrinsic. Version 1 knows names alone, version 2 scopes and types. The query that
narrows values down may be unfinished, and never fails.
"""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from chalicelib.codecs.tempo.messages import TAG_VALUES, TAG_VALUES_V2, TAGS, TAGS_V2
from chalicelib.codecs.tempo.values import go_duration
from chalicelib.model.access import Principal
from chalicelib.model.errors import QueryError
from chalicelib.model.reports import AttributesReport, KnownValue, ValuesReport
from chalicelib.query.attributes import MAX_VALUES, SCOPES, ValuesRequest, attributes_report, values_report
from chalicelib.query.values import INTRINSIC, scope_and_key
from chalicelib.routes.answers import Answer
from chalicelib.routes.request import Request
from chalicelib.routes.tempo.dialect import answer_of, count_of, reader_of
from chalicelib.routes.tempo.search import window_of
from chalicelib.routes.tempo.tags_query import NAMED, STATUS_TAG
from chalicelib.search.parser import read
from chalicelib.search.syntax import Attribute, AttributeScope, Binary, Intrinsic, Pipeline, SpansetFilter
from chalicelib.services import Services

# What Grafana offers beside attributes, whether or not any span has it. Both spellings, as Tempo lists them.
INTRINSIC_TAGS = (
    "duration",
    "event:name",
    "event:timeSinceStart",
    "instrumentation:name",
    "instrumentation:version",
    "kind",
    "name",
    "rootName",
    "rootServiceName",
    "span:duration",
    "span:kind",
    "span:name",
    "span:status",
    "span:statusMessage",
    "status",
    "statusMessage",
    "trace:duration",
    "trace:rootName",
    "trace:rootService",
    "traceDuration",
)
ALL_SCOPES = ("", "none")

# A keyword is written without quotes, which is all that an editor wants to know of a type.
_TYPES = {"status": "keyword", "kind": "keyword"}


def get_tags_v1(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Names alone, each once, in order."""
    report, scopes = _tags(services, caller, request)
    names = sorted({name for tags in scopes.values() for name in tags})
    return answer_of(services, request, TAGS, {"tagNames": names, "metrics": _metrics(report)})


def get_tags_v2(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Names by scope; scopes without any are left out."""
    report, scopes = _tags(services, caller, request)
    told = [{"name": scope, "tags": tags} for scope, tags in scopes.items() if tags]
    return answer_of(services, request, TAGS_V2, {"scopes": told, "metrics": _metrics(report)})


def get_values_v1(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Values as text."""
    report = _values(services, reader_of(caller, request), request, named_field(tag_of(request)))
    texts = sorted({_text(each) for each in report.values})
    return answer_of(services, request, TAG_VALUES, {"tagValues": texts, "metrics": _metrics(report)})


def get_values_v2(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Values with their types, the most common first."""
    report = _values(services, reader_of(caller, request), request, scoped_field(tag_of(request)))
    values = dict.fromkeys((_TYPES.get(each.type, each.type), _text(each)) for each in report.values)
    told = [{"type": kind, "value": text} for kind, text in values]
    return answer_of(services, request, TAG_VALUES_V2, {"tagValues": told, "metrics": _metrics(report)})


def tag_of(request: Request) -> str:
    """The tag in the path. Grafana encodes it twice, and its own proxy takes off one layer only sometimes."""
    tag = request.path_params["tag"]
    return unquote(tag) if "%" in tag else tag


def scoped_field(tag: str) -> Attribute | Intrinsic:
    """What `tag` means in TraceQL: `resource.a`, `.a`, `span:kind`, `status`. Raises QueryError for anything else."""
    try:
        root = read(f"{{ {tag} = 1 }}").query.root
    except QueryError:
        root = None
    match root:
        case Pipeline(stages=(SpansetFilter(expression=Binary(left=Attribute() | Intrinsic() as field)),)):
            return field
    raise QueryError(f"tag {tag[:64]!r} is neither an attribute with its scope nor an intrinsic")


def named_field(tag: str) -> Attribute | Intrinsic:
    """What `tag` means in version 1, where attributes have no scope and some names are intrinsics."""
    if tag == STATUS_TAG:
        return Intrinsic.SPAN_STATUS
    if tag in NAMED:
        return NAMED[tag]
    try:
        field = scoped_field(tag)
    except QueryError:
        return Attribute(AttributeScope.ANY, tag)
    return field if isinstance(field, Intrinsic) else Attribute(AttributeScope.ANY, tag)


def _tags(
    services: Services, caller: Principal | None, request: Request
) -> tuple[AttributesReport, Mapping[str, Sequence[str]]]:
    """What was read, and the names of each scope that was asked for, in order."""
    tenant = reader_of(caller, request)
    scope = request.find_one("scope") or ""
    if scope not in (*SCOPES, *ALL_SCOPES):
        raise QueryError(f"scope={scope[:64]!r} is none of {', '.join(SCOPES)}")
    limit = count_of(request, "limit", 0)
    asked = None if scope in ALL_SCOPES else scope
    report = attributes_report(services, tenant, asked, window_of(services, request), request.deadline)
    scopes = {
        each: INTRINSIC_TAGS if each == INTRINSIC else _limited(_names(report, each), limit)
        for each in SCOPES
        if asked in (None, each)
    }
    return report, scopes


def _names(report: AttributesReport, scope: str) -> Iterable[str]:
    return (each.key for each in report.attributes if each.scope == scope)


def _limited(names: Iterable[str], limit: int) -> list[str]:
    return sorted(names)[: limit or None]


def _values(services: Services, tenant: str, request: Request, field: Attribute | Intrinsic) -> ValuesReport:
    scope, key = scope_and_key(field)
    asked = ValuesRequest(
        key=key,
        scope=scope or None,
        window=window_of(services, request),
        query=request.find_one("q") or "",
        limit=min(count_of(request, "limit", 0) or MAX_VALUES, MAX_VALUES),
    )
    return values_report(services, tenant, asked, request.deadline)


def _text(known: KnownValue) -> str:
    match known.value:
        case bool():
            return "true" if known.value else "false"
        case int() if known.type == "duration":
            return go_duration(known.value)
        case _:
            return str(known.value)


def _metrics(report: AttributesReport | ValuesReport) -> Mapping[str, int]:
    """One job, completed unless the answer is partial."""
    return {"inspectedBytes": report.scanned.view_bytes, "totalJobs": 1, "completedJobs": 0 if report.partial else 1}
