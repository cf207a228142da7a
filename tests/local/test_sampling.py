import pytest

from chalicelib.local.sampling import put_policies, put_strategies
from chalicelib.settings import BadSetting
from chalicelib.storage.memory import MemorySamplingStore

DOCUMENT = b'{"policies": [{"name": "all", "type": "always_sample"}]}'


def test_policies_in_a_file_are_put_and_without_one_nothing_is(tmp_path):
    path, store = tmp_path / "policies.json", MemorySamplingStore()
    put_policies("", store, "default")
    assert store.find_sampling("default") is None
    path.write_bytes(DOCUMENT)
    put_policies(str(path), store, "default")
    assert store.find_sampling("default") == DOCUMENT


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read: No such file"), (b"{}", "nothing would be kept")]
)
def test_a_file_that_cannot_be_used_stops_the_runner_and_is_named(tmp_path, content, words):
    path = tmp_path / "policies.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadSetting, match=words) as refused:
        put_policies(str(path), MemorySamplingStore(), "default")
    assert f"SPANFOLD_SAMPLING_FILE='{path}'" in str(refused.value)


def test_strategies_in_a_file_are_put_beside_the_policies(tmp_path):
    path, store = tmp_path / "strategies.json", MemorySamplingStore()
    put_strategies("", store, "default")
    assert store.find_strategies("default") is None
    path.write_bytes(b"{}")
    put_strategies(str(path), store, "default")
    assert (store.find_strategies("default"), store.find_sampling("default")) == (b"{}", None)


def test_strategies_that_cannot_be_meant_stop_the_runner(tmp_path):
    path = tmp_path / "strategies.json"
    path.write_bytes(b"[]")
    with pytest.raises(BadSetting, match=r"SPANFOLD_STRATEGIES_FILE=.*Expected `object`"):
        put_strategies(str(path), MemorySamplingStore(), "default")
