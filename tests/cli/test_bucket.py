"""publish bucket policy, cors and lifecycle: the documents of storage/s3/policies.py, and nothing is sent."""

from __future__ import annotations

import json

import pytest

from publisher.storage.s3.policies import (
    SITE_IDENTITIES,
    Identity,
    cors,
    lifecycle,
    policy,
    site_lifecycle,
    site_policy,
)
from tests.support.command import Publish, Ran, flat
from tests.support.project import Project

CHANNEL = ("--to", "s3://bucket/channel?endpoint=http://127.0.0.1:9")
SITE = ("--site", "--to", "s3://pages/")


@pytest.fixture
def bucket(project: Project, publish: Publish) -> Publish:
    """Runs `publish bucket` in the project."""

    def run(*arguments: str) -> Ran:
        return publish("bucket", *arguments, cwd=project.base)

    return run


def test_policies_of_all_identities(bucket: Publish) -> None:
    ran = bucket("policy", *CHANNEL)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out) == {one.value: policy("bucket", "channel/", one) for one in Identity}
    assert "condition key s3:if-none-match" in flat(ran.err)


def test_with_json_nothing_is_said_beside_it(bucket: Publish) -> None:
    ran = bucket("policy", *CHANNEL, "--json")
    assert (json.loads(ran.out).keys(), ran.err) == ({one.value for one in Identity}, "")


@pytest.mark.parametrize("identity", Identity)
def test_the_policy_of_one_identity_is_printed_bare(bucket: Publish, identity: Identity) -> None:
    ran = bucket("policy", "--identity", identity.value, *CHANNEL)
    assert json.loads(ran.out) == policy("bucket", "channel/", identity)
    assert ("object lock" in flat(ran.err)) == (identity is Identity.PUBLIC)


def test_policies_of_the_site_s_bucket(bucket: Publish) -> None:
    ran = bucket("policy", *SITE)
    assert json.loads(ran.out) == {one.value: site_policy("pages", "", one) for one in SITE_IDENTITIES}
    assert ran.err == "", "pages are overwritten all the time"
    one = bucket("policy", *SITE, "--identity", "publisher")
    assert json.loads(one.out) == site_policy("pages", "", Identity.PUBLISHER)


def test_cors_lets_the_configured_site_read(bucket: Publish) -> None:
    assert json.loads(bucket("cors", *CHANNEL).out) == cors("https://updates.btfs.test")


def test_lifecycles(bucket: Publish) -> None:
    assert json.loads(bucket("lifecycle", *CHANNEL).out) == lifecycle("channel/")
    assert json.loads(bucket("lifecycle", *CHANNEL, "--staging-days", "7").out) == lifecycle("channel/", 7)
    assert json.loads(bucket("lifecycle", *SITE).out) == site_lifecycle("")


def test_the_bucket_of_the_configuration_is_the_default(bucket: Publish, project: Project) -> None:
    endpoints = project.config / "endpoints.yaml"
    endpoints.write_text(endpoints.read_text() + "storage: s3://configured/below\n")
    assert json.loads(bucket("lifecycle").out) == lifecycle("below/")
    named = json.loads(bucket("policy", "--identity", "public").out)
    assert named == policy("configured", "below/", Identity.PUBLIC)


@pytest.mark.parametrize("what", ["policy", "cors", "lifecycle"])
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "no bucket is named"),
        (("--to", "file:///srv/bucket"), 2, "file:///srv/bucket is not a bucket on S3\n    -> give --to s3://"),
        (("--to", "bucket"), 2, "bucket is not a bucket on S3"),
        (("--to", "s3://B"), 1, "s3://B"),
        (("--to", "s3://bucket?endpont=https://s3.example.org"), 1, "endpont"),
    ],
)
def test_bad_input_gets_a_sentence_and_prints_no_document(
    bucket: Publish, what: str, arguments: tuple[str, ...], code: int, words: str
) -> None:
    ran = bucket(what, *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert flat(words) in flat(ran.err)


def test_cors_needs_the_configuration_and_the_others_do_not_once_the_bucket_is_named(bucket: Publish) -> None:
    codes = {what: bucket(what, *CHANNEL, "--config", "nowhere").code for what in ("policy", "cors", "lifecycle")}
    assert codes == {"policy": 0, "cors": 1, "lifecycle": 0}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("policy", "--identity", "nobody", *CHANNEL), "'nobody' is not one of 'publisher', 'automation', 'on-call'"),
        (("policy", "--identity", "automation", *SITE), "automation has no part in the site's bucket"),
        (("policy", "--site"), "the site's bucket is not named"),
        (("lifecycle", "--site"), "the site's bucket is not named"),
        (("lifecycle", "--staging-days", "0", *CHANNEL), "0 is not in the range"),
        (("lifecycle", "--staging-days", "week", *CHANNEL), "'week' is not a valid integer"),
    ],
)
def test_bad_options_are_usage_errors(bucket: Publish, arguments: tuple[str, ...], words: str) -> None:
    ran = bucket(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert flat(words) in flat(ran.err)
