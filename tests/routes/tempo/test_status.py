import dataclasses

import pytest

from chalicelib.model.access import Scope


def test_save_and_test_hears_an_echo(client):
    reply = client.get("/tempo/api/echo")
    assert (reply.status, reply.body) == (200, b"echo")


def test_build_info_has_what_clients_look_for(client):
    info = client.get("/tempo/api/status/buildinfo").json()
    assert set(info) == {"version", "revision", "branch", "buildDate", "buildUser", "goVersion"}
    assert info["version"].startswith("3.")


@pytest.mark.parametrize("path", ["/tempo/api/echo", f"/tempo/api/v2/traces/{'a' * 32}"])
def test_the_tenant_header_may_only_name_the_tenant_of_the_key(client, path):
    assert client.get(path, {"X-Scope-OrgID": "default"}).status == 200
    refused = client.get(path, {"X-Scope-OrgID": "somebody-else"})
    assert refused.status == 403
    assert "somebody-else" in refused.body.decode()


def test_a_wrong_key_fails_the_test_of_the_data_source(client_of, services, key_gate, key_for):
    client = client_of(dataclasses.replace(services, gate=key_gate))
    assert client.get("/tempo/api/echo").status == 401
    assert client.get("/tempo/api/echo", {"x-api-key": key_for(Scope.INGEST)}).status == 403
    assert client.get("/tempo/api/echo", {"x-api-key": key_for(Scope.READ)}).status == 200
