"""signers.yaml is edited line by line: what people wrote in it stays, and what was meant comes out."""

from __future__ import annotations

import difflib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.signers_file import with_retired, with_signer, without_signer
from publisher.errors import InputError
from publisher.model.config.role import Duty
from publisher.model.config.signer import Signer

PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n-----END PUBLIC KEY-----\n"

BLOCK = """\
# Wer darf was? \u2014 asked \u00fcber and over
roles:
  root: {threshold: 1, expires: 365 d}   # for now
signers:
  # Ana's keys
  - name: ana      # in the safe
    person: ana
    public: |
      -----BEGIN PUBLIC KEY-----
      AAAA
      -----END PUBLIC KEY-----

    # a remark on the roles
    roles: [root]

  # Ben's key
  - {name: ben, person: ben, public: "00", roles: [root]}  # short
# the end
demo: false
"""


def signer(name: str = "eva", **fields: object) -> Signer:
    given: dict[str, object] = {
        "name": name,
        "person": "eva",
        "duty": Duty.EXECUTIVE,
        "roles": ("root", "channels"),
        "public": "12" * 32,
        "uri": f"file:{name}.pem",
    }
    return Signer.model_validate(given | fields)


def change(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that are gone, lines that are new."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [one[2:] for one in lines if one[0] == "-"], [one[2:] for one in lines if one[0] == "+"]


def names(text: str) -> list[str]:
    return [one["name"] for one in yaml.safe_load(text)["signers"]]


def test_a_key_is_added_after_the_last_one_and_every_other_line_stays() -> None:
    after = with_signer(BLOCK, signer())
    gone, new = change(BLOCK, after)
    assert gone == []
    assert new == [
        "  - name: eva",
        "    person: eva",
        "    duty: executive",
        "    roles: [root, channels]",
        f'    public: "{"12" * 32}"',
        "    uri: file:eva.pem",
    ]
    assert names(after) == ["ana", "ben", "eva"]
    assert after.index("short") < after.index("eva") < after.index("# the end")


def test_a_pem_key_is_added_as_it_is() -> None:
    after = with_signer(BLOCK, signer(scheme="ecdsa-sha2-nistp256", public=PEM, uri="hsm:2?label=a: b"))
    added = yaml.safe_load(after)["signers"][2]
    assert (added["public"], added["uri"]) == (PEM, "hsm:2?label=a: b")


@pytest.mark.parametrize(
    "text",
    [
        "roles: {}\nsigners: []\n",
        "roles: {}\nsigners: []",
        "roles: {}\n",
        "signers: []  # none yet\nroles: {}\n",
        "signers:\n  []\nroles: {}\n",
        "roles: {}\r\nsigners: []\r\n",
    ],
)
def test_the_first_key_finds_its_place(text: str) -> None:
    after = with_signer(text, signer())
    assert names(after) == ["eva"]
    assert yaml.safe_load(after)["roles"] == {}
    assert ("# none yet" in text) == ("# none yet" in after)


def test_a_key_is_taken_out_with_its_own_lines_only() -> None:
    cut = without_signer(BLOCK, "ana")
    gone, new = change(BLOCK, cut.text)
    assert new == []
    assert gone[0] == "  - name: ana      # in the safe"
    assert gone[-1] == "    roles: [root]"
    assert names(cut.text) == ["ben"]
    assert cut.comment == 5
    assert "# Ana's keys" in cut.text


def test_a_key_on_one_line_is_taken_out() -> None:
    cut = without_signer(BLOCK, "ben")
    assert change(BLOCK, cut.text) == (
        ['  - {name: ben, person: ben, public: "00", roles: [root]}  # short'],
        [],
    )
    assert cut.comment == 16


def test_the_last_key_leaves_an_empty_list() -> None:
    text = "roles: {}\nsigners:  # ours\n-\n  name: a\n  uri: file:a.pem\n# end\n"
    cut = without_signer(text, "a")
    assert yaml.safe_load(cut.text) == {"roles": {}, "signers": []}
    assert ("# ours" in cut.text, "# end" in cut.text) == (True, True)
    assert names(with_signer(cut.text, signer())) == ["eva"]


def test_a_list_in_brackets_is_left_to_people() -> None:
    text = "signers: [{name: a}, {name: b}]\n"
    with pytest.raises(InputError, match="list in brackets"):
        with_signer(text, signer())
    with pytest.raises(InputError, match="list in brackets"):
        without_signer(text, "a")


@given(st.lists(st.sampled_from(["a", "no", "123", "x-1", "1e5", "on"]), unique=True, min_size=1, max_size=6))
def test_what_is_added_and_taken_out_again_leaves_no_trace(added: list[str]) -> None:
    text = BLOCK
    for one in added:
        text = with_signer(text, signer(one, person=one))
    found = yaml.safe_load(text)["signers"][2:]
    assert [(one["name"], one["person"]) for one in found] == [(one, one) for one in added]
    for one in reversed(added):
        text = without_signer(text, one).text
    assert text == BLOCK


@pytest.mark.parametrize(
    ("entry", "then"),
    [
        ("- name: a\n  uri: file:a.pem\n", "- name: a\n  uri: file:a.pem\n  retired: true\n"),
        ("- {name: a, uri: 'file:a.pem'}\n", "- {name: a, uri: 'file:a.pem', retired: true}\n"),
        ("- name: a\n  retired: false # soon\n", "- name: a\n  retired: true # soon\n"),
    ],
)
def test_a_key_that_was_replaced_is_marked_and_every_other_line_stays(entry: str, then: str) -> None:
    before, after = "# kept\nsigners:\n", "- name: b # kept\n  uri: file:b.pem\n"
    assert with_retired(before + entry + after, "a") == before + then + after


def test_a_file_with_the_line_ends_of_windows_keeps_them() -> None:
    windows = BLOCK.replace("\n", "\r\n")
    for edited in (with_signer(windows, signer()), with_retired(windows, "ana"), without_signer(windows, "ben").text):
        assert edited.count("\n") == edited.count("\r\n")
    assert with_signer(windows, signer()) == with_signer(BLOCK, signer()).replace("\n", "\r\n")
    assert without_signer(windows, "ben").text == without_signer(BLOCK, "ben").text.replace("\n", "\r\n")


def test_windows_line_endings_stay() -> None:
    for text in (BLOCK, "roles: {}\nsigners: []\n", "roles: {}\n"):
        windows = text.replace("\n", "\r\n")
        after = with_signer(windows, signer())
        assert after == with_signer(text, signer()).replace("\n", "\r\n")
        assert (
            without_signer(after, "eva").text.replace("\r\n", "\n")
            == without_signer(after.replace("\r\n", "\n"), "eva").text
        )
        assert with_retired(after, "eva").count("\n") == with_retired(after, "eva").count("\r\n")
