"""Whether keys suffice: distinct persons, and for each duty a person of its own."""

from __future__ import annotations

import pytest

from publisher.model.config.role import Duty
from publisher.model.config.signer import Signers
from publisher.rules.quorum import alone, needs, shortfalls


def signers(keys: list[tuple[str, str]], threshold: int, *duties: Duty, role: str = "channels") -> Signers:
    return Signers.model_validate(
        {
            "roles": {role: {"threshold": threshold, "expires": "30 d", "duties": duties}},
            "signers": [
                {
                    "name": f"key-{number}",
                    "person": person,
                    "duty": duty,
                    "roles": (role,),
                    "public": "0" * 64,
                    "uri": "x",
                }
                for number, (person, duty) in enumerate(keys)
            ],
        },
        strict=False,
    )


ANA, BEN, ANA_TOO = ("ana", "engineering"), ("ben", "operations"), ("ana", "operations")
BOTH = (Duty.ENGINEERING, Duty.OPERATIONS)


@pytest.mark.parametrize(
    ("keys", "threshold", "duties", "missing"),
    [
        ([ANA, BEN], 2, BOTH, []),
        ([ANA, BEN, ANA_TOO], 2, BOTH, []),
        ([ANA], 2, (), ["needs 2 persons but has keys of 1"]),
        ([ANA, ANA_TOO], 2, (), ["needs 2 persons but has keys of 1"]),
        ([ANA, ("ben", "comms")], 2, BOTH, ["needs a signer with the duty operations but has none"]),
        ([], 1, (), ["needs 1 person but has keys of 0"]),
        (
            [ANA, ANA_TOO, ("eva", "comms")],
            2,
            BOTH,
            ["needs different persons for engineering and operations, but too few persons have them"],
        ),
    ],
)
def test_what_the_keys_of_a_role_lack(
    keys: list[tuple[str, str]], threshold: int, duties: tuple[Duty, ...], missing: list[str]
) -> None:
    found = shortfalls(signers(keys, threshold, *duties), "channels")
    assert [one.what for one in found] == [f"role channels {what}" for what in missing]


def test_a_channel_takes_what_all_channels_ask_for() -> None:
    assert shortfalls(signers([ANA], 2), "node.stable")[0].what.startswith("role node.stable needs 2 persons")
    assert shortfalls(signers([ANA], 2), "rollout") == ()


def test_one_person_with_enough_keys_is_alone() -> None:
    assert alone(signers([ANA, BEN, ANA_TOO], 2), "channels") == ("ana",)
    assert alone(signers([ANA, BEN], 2), "channels") == ()
    assert alone(signers([ANA], 1), "channels") == ()


def test_what_a_role_needs_in_words() -> None:
    assert needs(signers([], 1).roles["channels"]) == "1 person"
    assert needs(signers([], 2, *BOTH).roles["channels"]) == "2 persons, with the duties engineering and operations"
    assert needs(signers([], 1, Duty.COMMS).roles["channels"]) == "1 person, with the duty comms"
