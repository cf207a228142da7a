import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.access.keys import RANDOM_BYTES, Token, find_token, issue, mint, opens, secret_sha256
from chalicelib.model.access import KeyRecord, Scope

NOON_S = 1_700_000_000


def a_key(byte: int = 7, *, expires_at_s: int | None = None) -> tuple[Token, KeyRecord]:
    return issue(bytes([byte]) * RANDOM_BYTES, tenant="acme", scopes=frozenset({Scope.READ}), expires_at_s=expires_at_s)


@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
def test_a_minted_token_is_read_back_from_its_text(random_bytes):
    token = mint(random_bytes)
    assert find_token(token.text()) == token


def test_different_chance_gives_different_ids_and_secrets():
    tokens = [mint(bytes([byte]) * RANDOM_BYTES) for byte in range(256)]
    assert len({token.key_id for token in tokens}) == len({token.secret for token in tokens}) == 256


@pytest.mark.parametrize("size", [0, RANDOM_BYTES - 1, RANDOM_BYTES + 1])
def test_a_token_is_not_made_of_too_little_chance(size):
    with pytest.raises(ValueError, match="random bytes"):
        mint(bytes(size))


@pytest.mark.parametrize(
    "text", ["", "sfk", "sfk_a_b", "SFK_" + "a" * 13 + "_" + "b" * 43, "sfk_" + "a" * 13 + "_" + "é" * 43]
)
def test_what_is_not_a_token_is_none(text):
    assert find_token(text) is None


@given(st.text())
def test_no_text_breaks_the_parser(text):
    find_token(text)


def test_a_record_keeps_the_hash_and_not_the_secret():
    token, record = a_key()
    assert record.secret_sha256 == secret_sha256(token.secret)
    assert token.secret not in repr(record)


def test_a_key_opens_with_its_own_record_only():
    token, record = a_key(1)
    _, other = a_key(2)
    assert opens(token, record, NOON_S)
    assert not opens(token, other, NOON_S)
    assert not opens(token, None, NOON_S)


def test_a_key_opens_until_the_second_it_expires():
    token, record = a_key(expires_at_s=NOON_S)
    assert opens(token, record, NOON_S - 1)
    assert not opens(token, record, NOON_S)


@pytest.mark.parametrize("tenant", ["", "Acme", "a" * 65, "a_b", "ä", "acme\n"])
def test_a_key_is_not_issued_for_a_misnamed_tenant(tenant):
    with pytest.raises(ValueError, match="tenant"):
        issue(bytes(RANDOM_BYTES), tenant=tenant, scopes=frozenset(), expires_at_s=None)
