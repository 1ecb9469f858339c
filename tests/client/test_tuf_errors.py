"""Every exception of python-tuf and of the system becomes a sentence with something to do."""

from __future__ import annotations

import errno
import inspect

import pytest
from tuf.api import exceptions

from publisher.client.tuf_errors import plain_errors, translate
from publisher.wire.errors import ClientError, ClientVerificationError, ExpiredError, LocalError, TransferError

FAMILIES = (exceptions.RepositoryError, exceptions.DownloadError)
EVERY = [kind for kind in vars(exceptions).values() if inspect.isclass(kind) and issubclass(kind, FAMILIES)]


@pytest.mark.parametrize("kind", EVERY, ids=[kind.__name__ for kind in EVERY])
def test_every_tuf_exception_has_words_and_a_fix(kind: type[Exception]) -> None:
    error = kind("the cause", 500) if kind is exceptions.DownloadHTTPError else kind("the cause")
    said = translate(error, "check for updates")
    assert "the cause" in said.what
    assert said.fix
    assert said.exit_code in (4, 5)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (exceptions.ExpiredMetadataError("timestamp.json is expired"), ExpiredError, "have expired"),
        (exceptions.UnsignedMetadataError("1/2 keys"), ClientVerificationError, "missing or wrong"),
        (exceptions.DownloadLengthMismatchError("too long"), ClientVerificationError, "sends too much data"),
        (exceptions.SlowRetrievalError("30 s"), TransferError, "too slow"),
        (exceptions.DownloadHTTPError("gone", 404), TransferError, "missing on the server"),
        (exceptions.DownloadHTTPError("no", 503), TransferError, "the server has a problem"),
        (OSError(errno.ENOSPC, "No space left on device"), LocalError, "the disk is full"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/srv/x"),
            LocalError,
            "/srv/x: permission denied",
        ),
        (OSError("odd"), LocalError, "odd"),
    ],
)
def test_the_words_name_the_cause(error: Exception, kind: type[ClientError], words: str) -> None:
    with pytest.raises(kind, match=words), plain_errors("check for updates"):
        raise error


def test_our_own_errors_pass_unchanged() -> None:
    ours = ClientVerificationError("as it is")
    with pytest.raises(ClientVerificationError) as caught, plain_errors("check"):
        raise ours
    assert caught.value is ours


def test_a_hostile_server_cannot_send_control_characters_to_the_terminal() -> None:
    said = translate(exceptions.RepositoryError("\x1b[2J\u202eall\u2028is\u3164well\U000e0041"), "check")
    assert r"\x1b[2J\u202eall\u2028is\u3164well\U000e0041" in str(said)
