"""Prometheus's answers as readings, and every way in which a saved file is something else. Answers are of 2.42."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.readings.prometheus import readings
from publisher.content.text_encoding import MAX_BYTES, Refused
from publisher.errors import Problem
from publisher.model.content.monitor import Reading
from tests.support.prometheus import answered, ranged, series

FILE = "content/readings/syncs.json"
AT = 1793779200
"""4 November 2026, 08:00 UTC."""
SAVE = "save the unchanged response of /api/v1/query or /api/v1/query_range: curl -fsS -o FILE URL"
EU = {"__name__": "failed_syncs", "instance": "10.0.0.1:9100", "job": "clients", "region": "eu"}


def refused(content: bytes) -> Problem:
    with pytest.raises(Refused) as caught:
        readings(content, FILE)
    return caught.value.problem


def moment(hour: int, second: int = 0) -> datetime:
    return datetime(2026, 11, 4, hour, 0, second, tzinfo=UTC)


def test_r12_a_range_query_gives_its_samples_oldest_first() -> None:
    answer = (
        b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":'
        b'[[1793779200,"21"],[1793782800,"7.25"],[1793786400,"1e-05"]]}]}}'
    )
    assert readings(answer, FILE) == (
        Reading(at=moment(8), value=21),
        Reading(at=moment(9), value=7.25),
        Reading(at=moment(10), value=0.00001),
    )


def test_an_instant_query_gives_one_sample() -> None:
    answer = (
        b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1793779200.999,"7"]}]}}'
    )
    assert readings(answer, FILE) == (Reading(at=moment(8), value=7),)


def test_times_are_cut_to_whole_seconds() -> None:
    assert [one.at for one in readings(ranged((AT + 0.001, "1"), (AT + 1.999, "1")), FILE)] == [moment(8), moment(8, 1)]


@pytest.mark.parametrize("nothing", ["NaN", "+Inf", "-Inf"])
def test_r22_what_is_no_number_measured_nothing(nothing: str) -> None:
    assert readings(ranged((AT, "21"), (AT + 60, nothing), (AT + 120, "5")), FILE) == (
        Reading(at=moment(8), value=21),
        Reading(at=datetime(2026, 11, 4, 8, 2, tzinfo=UTC), value=5),
    )
    assert readings(ranged((AT, nothing)), FILE) == ()


def test_fields_that_newer_versions_add_are_passed_over() -> None:
    answer = answered([{**series((AT, "7")), "more": 1}], infos=["metric might not be a counter"], more=[])
    assert readings(answer, FILE) == (Reading(at=moment(8), value=7),)


def test_an_error_of_prometheus_is_told_in_its_words() -> None:
    said = 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'
    assert str(refused(json.dumps({"status": "error", "errorType": "bad_data", "error": said}).encode())) == (
        f"{FILE}:1:1: Prometheus answered with an error: {said}\n    -> correct the query, and ask again"
    )


def test_an_answer_that_may_be_wrong_is_not_believed() -> None:
    problem = refused(answered([series((AT, "7"))], warnings=["remote read: one of two\nstores is away"]))
    assert problem.what == "Prometheus warns that its answer may be wrong: remote read: one of two stores is away"
    assert problem.fix == "correct the query, or ask again once Prometheus can answer all of it"


def test_several_series_are_named_by_their_labels() -> None:
    several = [series((AT, "3"), labels=EU | {"region": region}) for region in ("eu", "us", "asia", "africa", "south")]
    problem = refused(answered(several))
    assert problem.what == (
        'contains 5 series, but one is needed: failed_syncs{instance="10.0.0.1:9100", job="clients", region="eu"},'
        ' failed_syncs{instance="10.0.0.1:9100", job="clients", region="us"},'
        ' failed_syncs{instance="10.0.0.1:9100", job="clients", region="asia"} and 2 more'
    )
    assert problem.fix == "put the query in sum(...), avg(...) or max(...), or give the labels of one of them"
    two = refused(answered([{"metric": {"a": "b"}, "value": [AT, "1"]}, {"metric": {}, "value": [AT, "1"]}], "vector"))
    assert two.what == 'contains 2 series, but one is needed: {a="b"} and {}'


def test_no_series_is_not_taken_for_a_quiet_time() -> None:
    for kind in ("matrix", "vector"):
        problem = refused(answered([], kind))
        assert problem.what == "contains no series: nothing in Prometheus matches the query"
        assert problem.fix == "check the metric's name and labels, and the time in the query"


@pytest.mark.parametrize(
    ("content", "what", "fix"),
    [
        (answered([AT, "1"], "scalar"), "contains a scalar, but one series is needed", "ask without scalar()"),
        (answered([AT, "1"], "string"), "contains a string, but one series is needed", "ask without scalar()"),
        (
            answered([{"metric": {}, "histograms": [[AT, {"count": "5"}]]}]),
            "contains histograms, but numbers are needed",
            "histogram_quantile(0.99, ...)",
        ),
        (
            answered([{"metric": {}, "histogram": [AT, {"count": "5"}]}], "vector"),
            "contains histograms, but numbers are needed",
            "histogram_quantile(0.99, ...)",
        ),
        (b"", "the file is empty", "with curl -f -o FILE a failure does not change the file"),
        (b" \n", "the file is empty", "with curl -f -o FILE a failure does not change the file"),
        (answered([], "streams"), "is not a response of Prometheus to a query", SAVE),
        (answered([5]), "contains 1 series", "put the query in sum(...)"),
        (answered([{"metric": {}}]), "is not a response of Prometheus to a query", SAVE),
        (b'{"status":"success"}', "is not a response of Prometheus to a query", SAVE),
        (b'{"status":"success","data":{"result":[]}}', "is not a response of Prometheus to a query", SAVE),
        (b'{"data":{"resultType":"matrix","result":[]}}', "is not a response of Prometheus to a query", SAVE),
        (b'[[1793779200,"7"]]', "is not a response of Prometheus to a query", SAVE),
        (b"7", "is not a response of Prometheus to a query", SAVE),
        (b"null", "is not a response of Prometheus to a query", SAVE),
        (b'{"status":"success","status":"success"}', "is not JSON: the key 'status' appears twice in one object", SAVE),
        (b'{"status":NaN}', "is not JSON: NaN is not a JSON number", SAVE),
        (b"[" * 100_000, "is not JSON: it is nested too deeply", SAVE),
        (ranged((AT, "7"), (AT + 60, "seven")), "sample 2 has a value that is not a number: seven", SAVE),
        (ranged((AT, "")), "sample 1 has a value that is not a number: ", SAVE),
        (answered([{"metric": {}, "values": [[AT, 7]]}]), "sample 1 is not a time and a value", SAVE),
        (answered([{"metric": {}, "values": [[str(AT), "7"]]}]), "sample 1 is not a time and a value", SAVE),
        (answered([{"metric": {}, "values": [[AT, "7", "8"]]}]), "sample 1 is not a time and a value", SAVE),
        (answered([{"metric": {}, "values": [None]}]), "sample 1 is not a time and a value", SAVE),
        (
            ranged((AT * 1000, "7")),
            "sample 1 is outside the years 2000 to 2199: 1793779200000",
            "Prometheus counts seconds since 1970, not milliseconds",
        ),
        (ranged((AT, "7"), (0, "7")), "sample 2 is outside the years 2000 to 2199: 0", "seconds since 1970"),
        (ranged((-1e300, "7")), "sample 1 is outside the years 2000 to 2199", "seconds since 1970"),
        (
            ranged((AT, "7")).replace(b"1793779200", b"1e999"),
            "sample 1 is outside the years 2000 to 2199: inf",
            "seconds since 1970",
        ),
        (
            ranged((AT, "7"), (AT - 1, "7")),
            "sample 2 is not later than the one before it, of 2026-11-04T08:00:00Z",
            "Prometheus gives the oldest sample first",
        ),
        (
            ranged((AT + 0.1, "7"), (AT + 0.6, "7")),
            "sample 2 is not later than the one before it, of 2026-11-04T08:00:00Z",
            "ask in steps of whole seconds",
        ),
    ],
)  # fmt: skip
def test_another_file_than_an_answer_is_refused_with_what_to_do(content: bytes, what: str, fix: str) -> None:
    problem = refused(content)
    assert str(problem.place) == f"{FILE}:1:1"
    assert problem.what.startswith(what)
    assert fix in problem.fix


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        (b"<html>\n<h1>502 Bad Gateway</h1>", "1:1", "is not JSON from here on"),
        (b"404 page not found\n", "1:5", "is not JSON from here on"),
        (b'{"status":"success",\n "data":{"resultType":', "2:23", "is not JSON from here on"),
        (b'{"status":"success"}\n{"status":"success"}', "2:1", "is not JSON from here on"),
        (b'{"status":\n"\xff"}', "2:2", "is not UTF-8 text"),
        ('{"status":"success"}'.encode("utf-16"), "1:1", "is not UTF-8 text"),
        (b"\x1f\x8b\x08", "1:2", "is not UTF-8 text"),
        (b"<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", "1:1", "an unfinished merge left <<<<<<< here"),
    ],
)
def test_what_is_no_json_is_refused_at_its_place(content: bytes, place: str, what: str) -> None:
    problem = refused(content)
    assert (str(problem.place), problem.what) == (f"{FILE}:{place}", what)


def test_a_file_of_the_largest_size_is_read_and_a_larger_one_is_not() -> None:
    answer = ranged((AT, "7"))
    assert readings(answer.ljust(MAX_BYTES), FILE) == (Reading(at=moment(8), value=7),)
    assert str(refused(answer.ljust(MAX_BYTES + 1))) == (
        f"{FILE}:1:1: the file is larger than 256 KiB\n    -> ask for a shorter time, or use longer steps"
    )


def test_words_of_others_cannot_command_a_terminal_or_fill_it() -> None:
    error = json.dumps({"status": "error", "error": "\x1b[2Jgone " + "and on " * 1000}).encode()
    label = answered([series((AT, "7"), labels={"a": "\x1b]0;title\x07" + "x" * 5000})] * 2)
    for content in (error, label):
        what = refused(content).what
        assert what.isprintable()
        assert len(what) < 600


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["status", "data", "resultType", "result", "values", "value", "metric"]), inner
            )
        ),
    )
)
def test_whatever_a_file_holds_is_read_or_refused(value: object) -> None:
    for content in (json.dumps(value).encode(), answered([{"metric": value, "values": value}]), answered([value] * 2)):
        try:
            assert isinstance(readings(content, FILE), tuple)
        except Refused as refused_:
            assert refused_.problem.place.file == FILE


def test_the_sample_in_the_content_is_an_answer_as_prometheus_writes_it() -> None:
    file = Path(__file__).parents[2] / "content/readings/failed-requests-sample.json"
    told = readings(file.read_bytes(), str(file))
    assert [one.value for one in told] == [21, 14, 7, 5]
    assert file.read_bytes() == ranged(*((int(one.at.timestamp()), f"{one.value:g}") for one in told))
