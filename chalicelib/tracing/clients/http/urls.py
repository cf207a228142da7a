"""URLs as a span may show them: without passwords and signatures.

OpenTelemetry, semantic-conventions 1.44, url.full: credentials and the values of known signature parameters SHOULD be
replaced by REDACTED.
"""

from ....propagation.patterns import Pattern

# OpenTelemetry's four (AWSAccessKeyId, Signature, sig, X-Goog-Signature), SigV4's and Google's relatives, and tokens.
SECRET_PARAMETERS = (
    "awsaccesskeyid", "signature", "sig", "x-goog-signature", "x-goog-credential",
    "x-amz-signature", "x-amz-credential", "x-amz-security-token",
    "access_token", "refresh_token", "id_token", "client_secret", "api_key", "apikey", "password",
)  # fmt: skip
_SECRET = Pattern(rf"(?i)([?&;](?:{'|'.join(SECRET_PARAMETERS)})=)[^&;#]*")
_SIGNED = Pattern(r"(?i)[?&](?:x-amz-signature|x-goog-signature|signature|sig)=")
_AUTHORITY = Pattern(r"(?i)^([a-z][a-z0-9+.-]*://)[^/?#]*@")
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL_CHARS = 8192  # what is looked at; a span keeps less of it


def redacted(url: str) -> str:
    """`url` with `REDACTED` in the place of user, password and the values of SECRET_PARAMETERS."""
    shown = _AUTHORITY.sub(r"\1REDACTED:REDACTED@", url[:MAX_URL_CHARS])
    return _SECRET.sub(r"\1REDACTED", shown)


def is_signed(url: str) -> bool:
    """Whether the query holds a signature (a presigned URL): whoever made it decided what is sent."""
    return _SIGNED.search(url) is not None


def assembled(scheme: str, host: str, port: "int | None", target: str) -> str:
    """The URL of a request that is known by its parts; `target` is a path with its query, or already a whole URL."""
    if "://" in target[:16]:
        return target
    shown_host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    shown_port = "" if port in (None, DEFAULT_PORTS.get(scheme)) else f":{port}"
    return f"{scheme}://{shown_host}{shown_port}{target if target.startswith('/') else '/' + target}"


def authority(url: str) -> tuple[str, int]:
    """Host and port (0 if neither stated nor known by the scheme); ("", 0) for what is not an absolute URL."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return "", 0
    netloc = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    host, port = _host_and_port(netloc)
    return host, int(port) if port.isdecimal() and len(port) < 6 else DEFAULT_PORTS.get(scheme.lower(), 0)


def _host_and_port(netloc: str) -> tuple[str, str]:
    if netloc.startswith("["):  # IPv6
        host, _, rest = netloc[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = netloc.partition(":")
    return host, port
