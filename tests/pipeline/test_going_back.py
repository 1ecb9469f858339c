"""What going back does to users' data: it decides whether a release can be taken back, and what its users are told."""

from __future__ import annotations

from typing import Any

import pytest
from tuf.api.metadata import Targets

from publisher.channel.layout import back_key
from publisher.cli.output.approvals import review_lines
from publisher.errors import InputError, RefusedByPolicy, VerificationError
from publisher.model.configuration import Configuration
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.release.promote import PromoteRequest
from publisher.pipeline.release.rollback import plan_rollback
from publisher.pipeline.roles.renew import find_renewals, renew
from publisher.wire.feed_words import BackState
from publisher.wire.stopping.withdrawn import BACK_STATE_FIELD, GoingBack, going_back
from publisher.wire.version import Version
from tests.pipeline.test_rollback import take_back
from tests.support.approving import ROLE, edit, promote, stage
from tests.support.exchanging import people_files, stage_as_thief
from tests.support.planting import live
from tests.support.project import Project, tree
from tests.support.requiring import require, stage_announcement
from tests.support.rotating import sign_role_as

DIGEST = "c0de" * 16
UNTIL = "Sunday 20 December 2026, 12:00 UTC"
BACKUP = "Stop the node and unpack the backup of before the update."
RESTORE = f'{{bundle: {DIGEST}, state: restore-backup, backup: "{BACKUP}"}}'
BECAUSE = "The index of 1.1.0 cannot be read by older versions."
FORBIDDEN = f'{{state: forbidden, state_because: "{BECAUSE}"}}'


def say(project: Project, version: str, rollback: str) -> None:
    """Add a release with these words about its rollback."""
    project.add_release(version)
    path = project.content / f"releases/node/{version}.yaml"
    path.write_text(path.read_text() + f"rollback: {rollback}\n")
    project.forget()


def signed(project: Project) -> Targets:
    """The channel's live metadata."""
    return live(project).roles[ROLE].signed


def told(project: Project) -> dict[str, GoingBack]:
    """What users of versions that were taken back do first."""
    return {str(version): first for version, first in going_back(signed(project)).items()}


def as_person_on_call(project: Project, version: str, configuration: Configuration) -> Any:
    request = PromoteRequest("node", "stable")
    taken = Version.parse(version)
    return plan_rollback(request, taken, configuration, project.look(), project.key_ring(), project.now, "It stops.")


def test_where_nothing_is_said_the_data_is_compatible_and_no_field_is_signed(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    take_back(project, "1.1.0")
    assert BACK_STATE_FIELD not in signed(project).unrecognized_fields
    assert told(project) == {}


def test_r81_whoever_goes_back_is_told_to_restore_a_backup_for_as_long_as_the_version_is_known(
    published: Project,
) -> None:
    say(published, "1.1.0", RESTORE)
    published.publish("1.1.0")
    assert told(published) == {}
    take_back(published, "1.1.0")
    first = {"1.1.0": GoingBack(BackState.RESTORE_BACKUP, BACKUP)}
    assert told(published) == first
    assert verify_channel(StoreSource(published.storage()), published.root, published.now).sound

    require(published, "2.2.0")
    stage_announcement(published)
    published.approve("1.0.0")
    promote(published)
    assert told(published) == first
    published.publish("1.1.1")
    assert told(published) == first
    take_back(published, "1.1.1")
    assert told(published) == first


def test_the_renewal_of_the_role_goes_on_telling_it(published: Project) -> None:
    say(published, "1.1.0", RESTORE)
    published.publish("1.1.0")
    take_back(published, "1.1.0")
    before = told(published)
    published.now = signed(published).expires - (signed(published).expires - published.now) / 100
    storage = published.storage()

    def renewed() -> None:
        renewals = find_renewals(published.look(storage), published.catalog, published.key_ring(), published.now)
        renew(renewals, storage, published.catalog, published.key_ring(), published.now)

    renewed()
    sign_role_as(published, ROLE, ("channels-ana", "channels-ben"))
    renewed()
    assert "x-tidegate-back" not in signed(published).unrecognized_fields
    assert told(published) == before != {}


def test_what_the_content_says_by_now_holds_for_what_is_signed_again(published: Project) -> None:
    """The team learns it after the release: an announcement signs the rollback metadata anew."""
    say(published, "1.1.0", f"{{bundle: {DIGEST}}}")
    published.publish("1.1.0")
    edit(published.content / "releases/node/1.1.0.yaml", f"{{bundle: {DIGEST}}}", RESTORE)
    published.forget()
    require(published, "2.2.0")
    stage_announcement(published)
    published.approve("1.1.0")
    promote(published)
    take_back(published, "1.1.0")
    assert told(published) == {"1.1.0": GoingBack(BackState.RESTORE_BACKUP, BACKUP)}


@pytest.mark.parametrize(
    ("text", "because"),
    [
        (f"rollback: {FORBIDDEN}\n", BECAUSE),
        ("kind: migration\n", "It is a migration: versions before it cannot read what it writes."),
    ],
)
def test_r41_where_it_is_forbidden_no_rollback_metadata_is_made_and_rollback_says_why(
    published: Project, text: str, because: str
) -> None:
    stage(published, "1.1.0")
    assert published.review("1.1.0").takes_back_to == "1.0.0"
    candidate = published.staged().candidate
    path = published.content / "releases/node/1.1.0.yaml"
    (published.bucket / "staging/node.stable/current.json").unlink()
    path.write_text(path.read_text() + f"rollback: {FORBIDDEN}\n")
    published.forget()
    published.publish("1.1.0")
    assert published.look().storage.stat(back_key(ROLE, candidate.digest)) is None
    assert not (published.bucket / "back").exists()
    path.write_text(path.read_text().replace(f"rollback: {FORBIDDEN}\n", text))
    published.forget()
    before = tree(published.bucket)
    with pytest.raises(RefusedByPolicy, match=r"users must not go back from node@1\.1\.0") as caught:
        as_person_on_call(published, "1.1.0", published.catalog)
    assert f'"{because}"' in caught.value.what
    assert "publish hold node@1.1.0 --channel stable" in caught.value.fix
    assert "then publish a fixed version" in caught.value.fix
    assert tree(published.bucket) == before


def test_without_content_the_reason_is_not_known_and_the_refusal_stays(published: Project) -> None:
    say(published, "1.1.0", FORBIDDEN)
    published.publish("1.1.0")
    catalog = published.catalog
    configuration = Configuration(
        products=catalog.products, channels=catalog.channels, endpoints=catalog.endpoints, signers=catalog.signers
    )
    with pytest.raises(InputError, match="has no signed rollback metadata"):
        as_person_on_call(published, "1.1.0", configuration)


def test_forbidden_later_it_is_refused_although_metadata_was_signed(published: Project) -> None:
    published.publish("1.1.0")
    path = published.content / "releases/node/1.1.0.yaml"
    path.write_text(path.read_text() + f"rollback: {FORBIDDEN}\n")
    published.forget()
    with pytest.raises(RefusedByPolicy, match="users must not go back"):
        as_person_on_call(published, "1.1.0", published.catalog)


@pytest.mark.parametrize(
    ("rollback", "words"),
    [
        (
            f"{{bundle: {DIGEST}}}",
            f"to go back to 1.0.0 if needed, until {UNTIL}. Users who go back keep their data as it is",
        ),
        (
            RESTORE,
            f'to go back to 1.0.0 if needed, until {UNTIL}. Users who go back restore a backup first: "{BACKUP}"',
        ),
        (FORBIDDEN, f'No rollback metadata is signed with it: users must not go back from it: "{BECAUSE}"'),
    ],
)
def test_whoever_approves_reads_the_verdict(published: Project, rollback: str, words: str) -> None:
    say(published, "1.1.0", rollback)
    stage(published, "1.1.0")
    assert words in " ".join(" ".join(review_lines(published.review("1.1.0"), 80)).split())


def test_no_candidate_brings_another_verdict(staged: Project) -> None:
    """The field of a candidate is what the live metadata says of versions that were taken back, and nothing else."""
    candidate = staged.staged().candidate
    metadata = candidate.with_signatures(())
    metadata.signed.unrecognized_fields[BACK_STATE_FIELD] = {"1.0.0": {"state": "restore-backup", "backup": "Pay us."}}
    metadata.signed.version += 1
    storage = staged.storage()
    files = people_files(storage, ROLE, candidate.digest)
    stage_as_thief(storage, ROLE, metadata, files, staged.key("channels-ana"), staged.root, staged.now)
    with pytest.raises(VerificationError, match="differs from what the release, its files and the live metadata give"):
        staged.review("1.1.0")
