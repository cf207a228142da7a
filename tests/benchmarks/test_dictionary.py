from benchmarks.dictionary.train import DICTIONARY, SEED, samples, text, train
from benchmarks.workloads.worlds import TRAINING
from chalicelib.codecs import blocks


def test_the_shipped_dictionary_is_exactly_what_the_training_script_makes():
    assert train([text(block) for block in samples(TRAINING, SEED)]) == DICTIONARY.read_bytes()


def test_the_current_format_uses_the_dictionary_that_the_script_writes():
    assert blocks.FORMATS[blocks.CURRENT_FORMAT].dictionary == DICTIONARY.name
