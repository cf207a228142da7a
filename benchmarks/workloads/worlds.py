"""The two worlds: who the teams are, and the words that they use. Disjoint by hand; a test holds that."""

from dataclasses import dataclass

from benchmarks.workloads.sdks import (
    DOTNET,
    DOTNET_LATER,
    GO,
    GO_LATER,
    JAVA,
    NODE,
    NODE_OLD,
    PYTHON,
    PYTHON_EARLIER,
    PYTHON_OLD,
    RUBY,
    Sdk,
)

CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)


@dataclass(frozen=True, kw_only=True)
class World:
    """Vocabularies from which services and their code paths are composed, always the same ones for one world."""

    name: str
    service_count: int
    systems: tuple[str, ...]
    things: tuple[str, ...]
    verbs: tuple[str, ...]
    attribute_prefixes: tuple[str, ...]
    enumerations: tuple[tuple[str, ...], ...]
    hosts: tuple[str, ...]
    domains: tuple[str, ...]
    regions: tuple[str, ...]
    stages: tuple[str, ...]
    accounts: tuple[str, ...]
    user_agents: tuple[str, ...]
    sdks: tuple[Sdk, ...]


TRAINING = World(
    name="training",
    service_count=160,
    systems=("shop", "catalogue", "ledger", "media", "loyalty", "newsroom", "ticketing", "ads"),
    things=(
        "cart",
        "order",
        "product",
        "price",
        "stock",
        "coupon",
        "invoice",
        "refund",
        "review",
        "article",
        "image",
        "playlist",
        "subscriber",
        "ticket",
        "seat",
        "venue",
        "campaign",
        "banner",
        "account",
        "transfer",
        "statement",
        "session",
        "token",
        "profile",
        "newsletter",
        "comment",
        "wishlist",
        "basket",
        "video",
        "thumbnail",
    ),
    verbs=(
        "create",
        "list",
        "get",
        "update",
        "reserve",
        "publish",
        "render",
        "import",
        "resize",
        "settle",
        "redeem",
        "rank",
        "transcode",
        "checkout",
        "authorise",
        "recommend",
    ),
    attribute_prefixes=("shop", "app", "media", "ledger"),
    enumerations=(
        ("pending", "paid", "cancelled"),
        ("basic", "premium"),
        ("web", "ios", "android"),
        ("EUR", "USD", "GBP"),
        ("visa", "mastercard", "paypal"),
        ("draft", "live"),
    ),
    hosts=(
        "api.stripe.com",
        "api.sendgrid.com",
        "hooks.slack.com",
        "api.contentful.com",
        "maps.googleapis.com",
        "api.algolia.net",
        "rates.fixer.io",
        "cdn.shopfront.example",
    ),
    domains=("shopfront.example", "mediahouse.example", "ticketbox.example"),
    regions=(
        "us-east-1",
        "us-east-2",
        "us-west-2",
        "eu-west-1",
        "eu-west-2",
        "eu-north-1",
        "ap-southeast-1",
        "ap-northeast-1",
        "ap-south-1",
        "sa-east-1",
    ),
    stages=("prod", "staging"),
    accounts=("123456789012", "482017365529", "730915228841", "265540198837"),
    user_agents=(
        CHROME,
        "okhttp/4.12.0",
        "axios/1.7.9",
        "python-requests/2.32.3",
    ),
    sdks=(PYTHON, PYTHON_OLD, NODE, NODE_OLD, JAVA, DOTNET, GO),
)

MEASURING = World(
    name="measuring",
    service_count=40,
    systems=("fleet", "warehouse", "clinic", "campus", "energy", "claims"),
    things=(
        "shipment",
        "parcel",
        "route",
        "vehicle",
        "driver",
        "depot",
        "patient",
        "appointment",
        "prescription",
        "referral",
        "course",
        "enrolment",
        "grade",
        "lecture",
        "meter",
        "reading",
        "tariff",
        "outage",
        "policy",
        "claim",
        "assessor",
        "quote",
        "pallet",
        "customs",
    ),
    verbs=(
        "track",
        "assign",
        "dispatch",
        "book",
        "cancel",
        "admit",
        "discharge",
        "enrol",
        "mark",
        "ingest",
        "forecast",
        "adjudicate",
        "label",
        "weigh",
        "notify",
    ),
    attribute_prefixes=("fleet", "clinic", "tenant", "biz"),
    enumerations=(
        ("queued", "intransit", "delivered"),
        ("bronze", "silver", "gold"),
        ("kiosk", "desk", "partner"),
        ("AUD", "CAD", "SEK"),
        ("routine", "urgent"),
        ("open", "closed", "disputed"),
    ),
    hosts=(
        "api.easypost.com",
        "api.twilio.com",
        "fhir.epicsys.example",
        "api.openweathermap.org",
        "login.okta.example",
        "api.hubapi.com",
        "grid.operator.example",
    ),
    domains=("fastfreight.example", "northclinic.example", "gridco.example"),
    regions=("eu-central-1", "ap-southeast-2", "ca-central-1"),
    stages=("prd", "uat"),
    accounts=("904417720356", "118826540097", "577203914486"),
    user_agents=(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
        "Dart/3.9 (dart:io)",
        "Go-http-client/2.0",
        "curl/8.16.0",
    ),
    sdks=(PYTHON, PYTHON_EARLIER, NODE, NODE_OLD, DOTNET_LATER, GO_LATER, RUBY),
)
