"""Clauses as sentences."""

from __future__ import annotations

import pytest

from publisher.rules.english import capitalised


@pytest.mark.parametrize(
    ("clause", "sentence"),
    [
        ("role root needs 2 persons", "Role root needs 2 persons"),
        ("disk full while writing", "Disk full while writing"),
        ("site_config/signers.yaml names no key", "site_config/signers.yaml names no key"),
        ("keys/ana.pem can be read by others", "keys/ana.pem can be read by others"),
        ("policy.yaml says nothing", "policy.yaml says nothing"),
        ("our-node 1.0.0 waits", "our-node 1.0.0 waits"),
        ("", ""),
    ],
)
def test_a_path_or_an_id_is_never_capitalised(clause: str, sentence: str) -> None:
    assert capitalised(clause) == sentence
