import pytest

from chalicelib.local.sampling import put_policies
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
