"""What S3 servers and botocore answer, in sentences that say what to do; none of them holds a secret.

Three questions are asked of every failure: was a condition not met, may another try help, and if not, what is wrong.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3.exceptions
from botocore import exceptions as boto

from publisher.errors import InputError, StorageError
from publisher.storage.s3.address import S3Address

Failure = (boto.ClientError, boto.BotoCoreError, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)
"""Everything that a request may raise, reading of its answer included."""

_CONDITION = {"PreconditionFailed", "ConditionalRequestConflict", "412"}
_TRANSIENT = {
    "InternalError",
    "ServiceUnavailable",
    "SlowDown",
    "RequestTimeout",
    "RequestTimeTooEarly",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "OperationAborted",
    "ConditionalRequestConflict",
    "BadDigest",
    "XAmzContentSHA256Mismatch",
    "XAmzContentChecksumMismatch",
}
_TRANSIENT_STATUS = {408, 425, 429, 500, 502, 503, 504}
_FULL = {"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "507"}
_MISSING = {"NoSuchKey", "404", "NotFound"}
_ABSENT_BUCKET = {"NoSuchBucket"}
_REGION = {
    "PermanentRedirect",
    "TemporaryRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
}
_DENIED = {"AccessDenied", "AllAccessDisabled", "AccountProblem", "403", "Forbidden", "UnauthorizedAccess"}
_STALE = {"ExpiredToken", "InvalidToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"}
_UNSUPPORTED = {"NotImplemented", "MethodNotAllowed", "XNotImplemented", "405", "501"}
_DAMAGED = {"BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"}

WORDS = {
    "get_object": "read",
    "head_object": "read",
    "list_objects_v2": "list",
    "put_object": "write",
    "create_multipart_upload": "write",
    "upload_part": "write",
    "upload_part_copy": "copy to",
    "complete_multipart_upload": "write",
    "abort_multipart_upload": "abort the upload of",
    "list_multipart_uploads": "list unfinished uploads of",
    "copy_object": "copy to",
    "delete_object": "delete",
}


def code_of(error: BaseException) -> str:
    """The error code of an answer; empty where there was no answer."""
    if isinstance(error, boto.ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def status_of(error: BaseException) -> int:
    """The HTTP status of an answer; 0 where there was no answer."""
    if isinstance(error, boto.ClientError):
        return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return 0


def is_missing(error: BaseException) -> bool:
    """No such object. A HEAD has no body, so its 404 says no more."""
    return code_of(error) in _MISSING


def is_condition(error: BaseException) -> bool:
    """The store refused a conditional write."""
    return code_of(error) in _CONDITION or status_of(error) == http.HTTPStatus.PRECONDITION_FAILED


def is_transient(error: BaseException) -> bool:
    """Another try may help; whether this one took effect is unknown."""
    if isinstance(error, boto.ClientError):
        code = code_of(error)
        if code in _FULL:
            return False
        return code in _TRANSIENT or status_of(error) in _TRANSIENT_STATUS
    if isinstance(error, boto.SSLError | boto.ProxyConnectionError):
        return False
    return isinstance(
        error,
        boto.ConnectionError
        | boto.HTTPClientError
        | boto.ResponseStreamingError
        | boto.IncompleteReadError
        | boto.FlexibleChecksumError
        | urllib3.exceptions.HTTPError
        | http.client.HTTPException
        | OSError,
    )


def own_error(error: BaseException) -> InputError | None:
    """Our own error, where it was raised while botocore read the body to be sent."""
    inner = error.kwargs.get("error") if isinstance(error, boto.HTTPClientError) else None
    return inner if isinstance(inner, InputError) else None


def headers_of(answer: Mapping[str, Any]) -> Mapping[str, str]:
    """The headers of an answer, or of the answer in a ClientError."""
    headers: Mapping[str, str] = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers


def translate(error: BaseException, operation: str, key: str, address: S3Address, endpoint: str) -> StorageError:  # noqa: PLR0912
    """The sentence for a failure that no further try will mend."""
    code = code_of(error)
    where = f"{key} in {address.place}" if key else address.place
    act = f"{WORDS.get(operation, operation)} {where}"
    match error:
        case boto.NoCredentialsError() | boto.PartialCredentialsError():
            return StorageError(f"there are no credentials for {address.place}", fix=_CREDENTIALS)
        case boto.ProfileNotFound():
            return StorageError(
                f"The AWS configuration has no profile {address.profile or ''}.".replace(" .", " of that name."),
                fix="check the option profile, or AWS_PROFILE",
            )
        case boto.CredentialRetrievalError() | boto.TokenRetrievalError() | boto.SSOError():
            return StorageError(f"the credentials for {address.place} could not be fetched", fix=_CREDENTIALS)
        case boto.SSLError():
            return StorageError(
                f"the certificate of {endpoint} is not accepted: {_plain(error)}",
                fix="check the endpoint's name; for a private authority, set AWS_CA_BUNDLE",
            )
        case boto.EndpointConnectionError() | boto.ConnectTimeoutError() | boto.ProxyConnectionError():
            return StorageError(
                f"{endpoint} cannot be reached; {address.place} was not used",
                fix="check the endpoint, the network and the proxy settings",
            )
        case boto.ClientError():
            pass
        case boto.BotoCoreError() if not is_transient(error):
            return StorageError(f"cannot {act}: {type(error).__name__}", fix="check the AWS configuration")
        case _:
            return StorageError(
                f"cannot {act}: the connection to {endpoint} broke again and again",
                fix="check the network, then run the command again; it continues where it stopped",
            )
    if code == "InvalidAccessKeyId":
        return StorageError(f"{endpoint} does not know this access key", fix=_CREDENTIALS)
    if code == "SignatureDoesNotMatch":
        return StorageError(
            f"{endpoint} refuses the signature: the secret key does not belong to the access key", fix=_CREDENTIALS
        )
    if code in _STALE:
        return StorageError(f"the credentials for {address.place} have expired or are not valid", fix=_CREDENTIALS)
    if code == "RequestTimeTooSkewed":
        theirs = server_time(error)
        clock = f", which says {theirs}" if theirs else ""
        return StorageError(
            f"the clock of this machine differs too much from that of {endpoint}{clock}",
            fix="set the clock, best by NTP; expiry times of signed metadata depend on it too",
        )
    if code in _ABSENT_BUCKET:
        return StorageError(
            f"there is no bucket {address.bucket} at {endpoint}",
            fix="check the name and the endpoint, or create it first",
        )
    if code in _MISSING:
        return StorageError(f"there is no {where}")
    if code in _REGION or status_of(error) in (301, 307) or (code == "400" and _region(error)):
        region = _region(error)
        return StorageError(
            f"the bucket {address.bucket} is in {f'the region {region}' if region else 'another region'}",
            fix=f"add region={region or 'REGION'} to the address",
        )
    if code in _FULL or status_of(error) == http.HTTPStatus.INSUFFICIENT_STORAGE:
        return StorageError(
            f"{endpoint} is full, or the quota is used up, while writing {where}",
            fix="make room, then run the command again; it continues where it stopped",
        )
    if code in _DENIED:
        hint = " (for a missing object too, where listing is not allowed)" if operation in _READS else ""
        return StorageError(
            f"access denied: these credentials may not {act}{hint}",
            fix="give the identity this permission; `publish bucket policy` prints what is needed",
        )
    if code in _DAMAGED:
        return StorageError(f"the bytes of {where} arrive damaged at {endpoint}, again and again")
    if code in _UNSUPPORTED:
        return StorageError(f"{endpoint} cannot {act}: it does not support {operation.replace('_', ' ')}")
    if code == "EntityTooLarge":
        return StorageError(f"{endpoint} does not take an object as large as {where}")
    status = status_of(error)
    if is_transient(error):
        return StorageError(
            f"Cannot {act}: {endpoint} answers {status or ''} {code} again and again.".replace("  ", " "),
            fix="see whether the store is healthy, then run the command again; it continues where it stopped",
        )
    return StorageError(f"cannot {act}: {endpoint} answers {status} {code}".replace("  ", " "))


def server_time(error: BaseException) -> str:
    """What the store's clock said when it refused; empty where it did not say."""
    if not isinstance(error, boto.ClientError):
        return ""
    try:
        return parsedate_to_datetime(headers_of(error.response).get("date", "")).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return ""


_READS = {"get_object", "head_object"}
_CREDENTIALS = "give them the AWS way: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (AWS_PROFILE) or a role"


def _region(error: BaseException) -> str:
    if not isinstance(error, boto.ClientError):
        return ""
    region = headers_of(error.response).get("x-amz-bucket-region") or error.response.get("Error", {}).get("Region")
    return str(region or "")


def _plain(error: boto.BotoCoreError) -> str:
    """The innermost reason, without the addresses around it."""
    return str(error.kwargs.get("error", "no reason given")).rpartition("] ")[2].partition(" (_ssl")[0]
