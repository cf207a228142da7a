"""What a partial answer says of itself."""

from chalicelib.query.pages import MAX_TOLD, why_partial

PROBLEMS = [f"trace {number} is too large" for number in range(5000)]


def test_a_whole_answer_gives_no_reason():
    assert why_partial(is_late=False, problems=[]) is None


def test_the_deadline_is_told_first_and_each_problem_once():
    problems = ["trace 1 is too large", "trace 2 cannot be read", "trace 1 is too large"]
    expected = "the deadline was reached; trace 1 is too large; trace 2 cannot be read"
    assert why_partial(is_late=True, problems=problems) == expected


def test_of_many_problems_a_few_are_told_and_the_others_counted():
    """The answer has to fit into what may be returned, whatever was kept."""
    told = why_partial(is_late=False, problems=PROBLEMS)
    assert told == "; ".join([*PROBLEMS[:MAX_TOLD], f"and {len(PROBLEMS) - MAX_TOLD} more"])
