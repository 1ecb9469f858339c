"""The published site beside what the channel signs of it: pages that were changed, removed or slipped in are found.

So are advisories in it that differ from the signed ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256

from pydantic import ValidationError
from tuf.api.metadata import TargetFile

from publisher.channel.audit.channel import Audit
from publisher.channel.findings import AuditSource, Finding, Level
from publisher.channel.layout import SITE_ROLE, SITE_TARGET, is_advisories_target
from publisher.channel.repository import read_repository
from publisher.channel.size_limits import PAGE_LIMIT
from publisher.channel.state import read_target
from publisher.errors import VerificationError
from publisher.model.records.advisories import SECURITY_FILE, security_file
from publisher.model.records.site_manifest import MANIFEST, SiteManifest, SitePage
from publisher.signing.digests import FileDigests

Digests = Iterable[FileDigests | None]

UNDER_WAY = "unless an upload is running or was interrupted, somebody has changed the site"


def audit_site(
    channel: AuditSource,
    trusted_root: bytes,
    keys: Iterable[str] | None,
    digests: Callable[[Mapping[str, int]], Digests],
) -> Audit:
    """Compare every page that the signed manifest names, and find pages that it does not name.

    `keys` are those of the site, None where it cannot be listed; `digests` reads its pages, given with
    their sizes, in that order; a page that is larger need not be read to its end.
    """
    try:
        targets = _signed_targets(channel, trusted_root)
        pages = _signed_pages(channel, targets)
    except VerificationError as error:
        return Audit((Finding(Level.ERROR, error.what, SITE_TARGET),), 0, 0)
    sizes = {path: min(page.size, PAGE_LIMIT) for path, page in sorted(pages.items())}
    digests_by_path = dict(zip(sizes, digests(sizes), strict=True))
    shown = digests_by_path.get(SECURITY_FILE)
    findings = [
        *_compared(pages, digests_by_path),
        *_strays(pages, keys),
        *(_advisories(channel, targets, shown) if shown is not None or SECURITY_FILE not in pages else ()),
    ]
    return Audit(tuple(findings), 0, sum(page_digests is not None for page_digests in digests_by_path.values()))


def _signed_targets(channel: AuditSource, trusted_root: bytes) -> Mapping[str, TargetFile]:
    """What the role that signs the site lists. Raises VerificationError."""
    repository = read_repository(channel.read, trusted_root)
    role = repository.roles.get(SITE_ROLE) if repository else None
    return role.signed.targets if role else {}


def _signed_pages(channel: AuditSource, targets: Mapping[str, TargetFile]) -> dict[str, SitePage]:
    """The pages that the channel vouches for, the manifest itself among them. Raises VerificationError."""
    target = targets.get(SITE_TARGET)
    if target is None or "sha256" not in target.hashes:
        raise VerificationError("the channel has no signed manifest of the site, so no page of it can be proven")
    data = read_target(channel.read, SITE_TARGET, target.length, target.hashes["sha256"])
    try:
        manifest = SiteManifest.model_validate_json(data)
    except ValidationError as error:
        raise VerificationError("the signed manifest of the site cannot be read") from error
    return {**manifest.pages, MANIFEST: SitePage(size=target.length, sha256=target.hashes["sha256"])}


def _compared(pages: dict[str, SitePage], digests_by_path: dict[str, FileDigests | None]) -> Iterator[Finding]:
    for path, page in sorted(pages.items()):
        digests = digests_by_path[path]
        if digests is None:
            yield Finding(Level.ERROR, f"the page is signed, but missing on the site; {UNDER_WAY}", path)
        elif (digests.size, digests.sha256) != (page.size, page.sha256):
            yield Finding(
                Level.ERROR, f"the page on the site does not have the bytes that were signed; {UNDER_WAY}", path
            )


def _advisories(
    channel: AuditSource, targets: Mapping[str, TargetFile], shown: FileDigests | None
) -> Iterator[Finding]:
    """The site tells of the same advisories as the signed targets. `shown` is its file; None where it has none."""
    listed = {path: target for path, target in sorted(targets.items()) if is_advisories_target(path)}
    if not listed and shown is None:
        return
    try:
        files = [
            read_target(channel.read, path, target.length, target.hashes.get("sha256", ""))
            for path, target in listed.items()
        ]
        signed = security_file(files)
    except (VerificationError, ValueError) as error:
        yield Finding(Level.ERROR, f"the signed advisories cannot be read: {error}", SECURITY_FILE)
        return
    if shown is None:
        yield Finding(Level.ERROR, "advisories are signed, but the site does not show them", SECURITY_FILE)
    elif shown.sha256 != sha256(signed).hexdigest():
        yield Finding(Level.ERROR, "the advisories on the site are not the signed ones", SECURITY_FILE)


def _strays(pages: dict[str, SitePage], keys: Iterable[str] | None) -> Iterator[Finding]:
    if keys is None:
        yield Finding(Level.NOTE, "unsigned pages of the site cannot be found without a listing")
        return
    for key in sorted(set(keys) - set(pages)):
        yield Finding(Level.ERROR, "this page of the site is unsigned, and users may trust it", key)
