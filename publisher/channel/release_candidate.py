"""Candidates of a channel: the metadata that ships a release."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from tuf.api.metadata import Metadata, Targets

from publisher.channel.advance import says_the_same, to_bytes
from publisher.channel.candidate import Candidate, base_of, next_free_version
from publisher.channel.repository import Read, Repository, parse
from publisher.channel.roles import BASE_FIELD, CHANGES_FIELD, RELEASE_FIELD
from publisher.channel.state import read_feed
from publisher.errors import VerificationError
from publisher.model.evidence import ArtifactFact, ChangeFacts
from publisher.model.release import ChangeClass

PEOPLE = "people/"
"""Files for people wait below it until the release is live."""


@dataclass(frozen=True)
class ReleaseCandidate(Candidate):
    """A candidate that ships a release."""

    @property
    def product(self) -> str:
        """The product that it ships."""
        return self.role.partition(".")[0]

    @property
    def channel(self) -> str:
        """The channel that it ships to."""
        return self.role.partition(".")[2]

    @property
    def metadata(self) -> Metadata[Targets]:
        """The payload, parsed. Raises VerificationError."""
        return parse(self.payload, Targets, f"the candidate of {self.role}")

    @property
    def release(self) -> str:
        """The version that it ships, as a signed field says. Raises VerificationError when there is none."""
        release = self.metadata.signed.unrecognized_fields.get(RELEASE_FIELD)
        if not isinstance(release, str):
            raise VerificationError(f"the candidate of {self.role} does not say what it ships")
        return release

    @property
    def changes(self) -> ChangeFacts | None:
        """What the build was found to change, as a signed field says. Raises VerificationError for nonsense."""
        found = self.metadata.signed.unrecognized_fields.get(CHANGES_FIELD)
        if found is None:
            return None
        try:
            return ChangeFacts(paths=(), classes=tuple(ChangeClass(one) for one in found))
        except (ValueError, TypeError) as error:
            raise VerificationError(f"the candidate of {self.role} names change classes that do not exist") from error

    def check(self) -> None:
        """Refuse a payload that cannot be read, or that ships nothing. Raises VerificationError."""
        _ = self.release


def payload_of(targets: Targets, live: Repository | None, role: str, read: Read) -> bytes:
    """The payload for the next free version of a channel role, made to replace what is live."""
    payload = copy.deepcopy(targets)
    payload.version = next_free_version(live, role, read)
    payload.unrecognized_fields[BASE_FIELD] = base_of(live, role)
    return to_bytes(Metadata(payload))


def carried_files(candidate: ReleaseCandidate, live: Repository | None, read: Read) -> tuple[ArtifactFact, ...]:
    """The files whose feed the candidate changes, one a platform; all must be of the release that it says it ships.

    Raises VerificationError for a feed that offers something else.
    """
    current = live.roles.get(candidate.role) if live else None
    before = current.signed.targets if current else {}
    listed = candidate.metadata.signed.targets
    files: list[ArtifactFact] = []
    for path, target in sorted(listed.items()):
        if not path.startswith("feed/") or before.get(path) == target:
            continue
        feed = read_feed(read, path, target)
        artifact = feed.release.artifact if feed.release else None
        file = listed.get(artifact.target) if artifact else None
        if (
            (feed.product, feed.channel) != (candidate.product, candidate.channel)
            or feed.release is None
            or str(feed.release.version) != candidate.release
            or artifact is None
            or file is None
            or (file.length, file.hashes.get("sha256")) != (artifact.size, artifact.sha256)
        ):
            raise VerificationError(
                f"the candidate of {candidate.role} says {candidate.release}, but {path} offers something else"
            )
        files.append(
            ArtifactFact(file=artifact.file, platform=feed.platform, size=artifact.size, sha256=artifact.sha256)
        )
    if not files:
        raise VerificationError(f"the candidate of {candidate.role} changes no platform's feed")
    return tuple(files)


def says_what_is_live(targets: Targets, live: Repository | None, role: str) -> bool:
    """Whether publishing `targets` would change nothing that a client sees."""
    current = live.roles.get(role) if live else None
    return current is not None and says_the_same(current.signed, targets)
