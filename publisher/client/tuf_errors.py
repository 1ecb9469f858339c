"""The exceptions of python-tuf and of the operating system, in plain words with what to do.

Separate from `errors` so that the pure modules (versions, feed, decision) do not import python-tuf.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike

from tuf.api import exceptions as tuf

from publisher.client.network.failures import AllFailed, AskedToWait, DirectoryUnreadable, Failure, ProxyRefused
from publisher.wire.errors import ClientError, ClientVerificationError, Code, ExpiredError, LocalError, TransferError

__all__ = ["plain_errors", "sent_wrong_bytes", "translate"]

_WAIT = "keep what you run, try again later, and tell the publisher if this goes on; nothing was changed here"


@contextmanager
def plain_errors(doing: str) -> Iterator[None]:
    """Turn whatever the block raises into a ClientError; `doing` completes "cannot ..."."""
    try:
        yield
    except ClientError:
        raise
    except (tuf.RepositoryError, tuf.DownloadError, OSError) as error:
        raise translate(error, doing) from error


def translate(error: Exception, doing: str) -> ClientError:
    """The ClientError for an exception of python-tuf (`tuf.api.exceptions`) or the operating system."""
    if isinstance(error, tuf.RepositoryError):
        return _repository(error)
    if isinstance(error, tuf.DownloadError):
        return _download(error, doing)
    return _machine(error, doing)


def _repository(error: tuf.RepositoryError) -> ClientVerificationError:
    """What the repository offers is not acceptable (TUF specification, section 5)."""
    match error:
        case tuf.ExpiredMetadataError():
            return ExpiredError(
                f"the channel's signatures have expired ({error}); nothing is offered until they are renewed",
                fix="keep what you run; if other machines see updates, check this machine's clock",
            )
        case tuf.UnsignedMetadataError():
            return ClientVerificationError(f"signatures are missing or wrong ({error})", fix=_WAIT)
        case tuf.BadVersionNumberError():
            return ClientVerificationError(
                f"the server replays an old state or mixes two ({error})", fix=_WAIT, code=Code.OLDER_THAN_SEEN
            )
        case tuf.LengthOrHashMismatchError():
            return ClientVerificationError(f"the content differs from what was signed ({error})", fix=_WAIT)
        case _:
            return ClientVerificationError(f"the channel's metadata is not valid ({error})", fix=_WAIT)


def sent_wrong_bytes(failure: Failure) -> bool:
    """Whether an answer came, and was not what the publisher signed."""
    return isinstance(failure, tuf.RepositoryError | tuf.DownloadLengthMismatchError | ClientVerificationError)


def _all_failed(error: AllFailed, doing: str) -> ClientError:
    """One error for all addresses; it counts as verification's if any of them sent wrong bytes."""
    plain = {
        address: failure if isinstance(failure, ClientError) else translate(failure, doing)
        for address, failure in error.failures.items()
    }
    reasons = [each.what if address in each.what else f"{address}: {each.what}" for address, each in plain.items()]
    what = f"cannot {doing} from any of {len(plain)} addresses: {'; '.join(reasons)}"
    for each in plain.values():
        if isinstance(each, ClientVerificationError):
            return ClientVerificationError(what, fix=_WAIT, code=each.code)
    codes = {each.code for each in plain.values()}
    fix = "check your network, then try again; tell the publisher if this goes on"
    return TransferError(what, fix=fix, code=codes.pop() if len(codes) == 1 else None)


def _download(error: tuf.DownloadError, doing: str) -> ClientError:
    match error:
        case AllFailed():
            return _all_failed(error, doing)
        case AskedToWait():
            return TransferError(f"cannot {doing}: {error}", fix="keep what you run, and try again after that")
        case tuf.DownloadLengthMismatchError():
            # Not the network's fault: somebody sends endless data.
            return ClientVerificationError(f"the server sends too much data ({error})", fix=_WAIT, code=Code.TOO_LARGE)
        case DirectoryUnreadable():
            return LocalError(f"cannot {doing}: {error}", fix="check that place on this machine, then try again")
        case ProxyRefused():
            return TransferError(
                f"cannot {doing}: {error}",
                fix="put the user name and the password into the proxy's address, as in"
                " https_proxy=http://USER:PASSWORD@proxy.example:3128",
                code=Code.PROXY,
            )
        case tuf.SlowRetrievalError():
            return TransferError(f"the server is too slow ({error})", fix=_WAIT, code=Code.TOO_SLOW)
        case tuf.DownloadHTTPError(status_code=403 | 404):
            return TransferError(
                f"a file is missing on the server ({error})",
                fix="check the channel's address; if it is right, tell the publisher",
                code=Code.MISSING,
            )
        case tuf.DownloadHTTPError():
            return TransferError(f"the server has a problem ({error})", fix=_WAIT)
        case _:
            fix = "check the channel's address and your network, then try again"
            return TransferError(f"cannot {doing}: {error}", fix=fix)


def _machine(error: Exception, doing: str) -> LocalError:
    match error:
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            fix = "free some space, then try again"
            return LocalError(f"cannot {doing}: the disk is full", fix=fix, code=Code.DISK_FULL)
        case OSError(filename=str() | PathLike() as path, strerror=str() as reason):
            fix = "check that place on this machine, then try again"
            return LocalError(f"cannot {doing}: {path}: {reason.lower()}", fix=fix)
        case _:
            return LocalError(f"cannot {doing}: {error}", fix="try again")
