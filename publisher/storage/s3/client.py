"""Requests to one bucket: a client that is made once, tries again where that may help, and errors in our words.

botocore's own retries are off. They cannot tell a write that failed from one whose answer was lost, and
their quota hides the reason after some lost races.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import boto3
from botocore import exceptions as boto
from botocore.config import Config

from publisher.errors import StorageError
from publisher.storage.s3.address import S3Address, refuse_plain
from publisher.storage.s3.errors import Failure, headers_of, is_transient, own_error, translate
from publisher.storage.s3.retry import Patience

Result = TypeVar("Result")

CONNECT_SECONDS = 10
READ_SECONDS = 60
FIRST_TRIES = 3
"""A server that has not answered once is given up earlier: its address is probably wrong."""
DEFAULT_REGION = "us-east-1"
"""What servers other than Amazon's expect where nobody has named a region."""


class S3Bucket:
    """One bucket and prefix. Keys here are ours, without the prefix. Safe for threads."""

    def __init__(self, address: S3Address, patience: Patience | None = None) -> None:
        """Sends nothing. Raises StorageError for a server without TLS that is not this machine."""
        if address.endpoint:
            refuse_plain(address.endpoint)
        self.address = address
        self.patience = patience or Patience()
        self.server_date: datetime | None = None
        """The store's clock in its latest answer."""
        self._answered = False
        self._lock = threading.Lock()
        self._made: Any = None

    @property
    def endpoint(self) -> str:
        """The server's URL."""
        return self.address.endpoint or str(self._client.meta.endpoint_url)

    @property
    def _client(self) -> Any:
        """Made at the first request, as looking for credentials may ask the machine's own cloud."""
        with self._lock:
            if self._made is None:
                try:
                    made = _client(self.address)
                except (boto.BotoCoreError, ValueError) as error:
                    where = self.address.endpoint or "its server"
                    raise translate(error, "open", "", self.address, where) from error
                refuse_plain(str(made.meta.endpoint_url))  # it may come from the AWS configuration
                self._made = made
            return self._made

    def once(self, operation: str, key: str | None = None, **arguments: Any) -> dict[str, Any]:
        """One request; raises what botocore raises, or our InputError where the body to be sent is wrong."""
        if key is not None:
            arguments["Key"] = self.address.prefix + key
        client = self._client
        try:
            answer: dict[str, Any] = getattr(client, operation)(Bucket=self.address.bucket, **arguments)
        except boto.ClientError as error:
            self._note_date(error.response)
            raise
        except boto.HTTPClientError as error:
            if ours := own_error(error):
                raise ours from None
            raise
        self._note_date(answer)
        return answer

    def call(self, operation: str, key: str | None = None, **arguments: Any) -> dict[str, Any]:
        """A request that may be repeated. Raises StorageError; ClientError stays inside as its cause."""
        return self.repeat(operation, key, lambda: self.once(operation, key, **arguments))

    def repeat(self, operation: str, key: str | None, act: Callable[[], Result]) -> Result:
        """Do something repeatable until it works. Raises StorageError."""
        for number, last in enumerate(self.patience.tries(), 1):
            try:
                return act()
            except Failure as error:
                unreachable = not self._answered and number >= FIRST_TRIES
                if last or unreachable or not is_transient(error):
                    raise self.translated(error, operation, key) from error
        raise AssertionError("the last try returns or raises")

    def translated(self, error: BaseException, operation: str, key: str | None = None) -> StorageError:
        """A failure of this bucket in words."""
        return translate(error, operation, key or "", self.address, self.endpoint)

    def _note_date(self, answer: Any) -> None:
        self._answered = True
        try:
            self.server_date = parsedate_to_datetime(headers_of(answer).get("date", ""))
        except ValueError:
            return


def _client(address: S3Address) -> Any:
    session = boto3.session.Session(profile_name=address.profile)
    style = address.style or ("path" if address.endpoint else "auto")
    region = address.region or session.region_name or DEFAULT_REGION
    return session.client(
        "s3",
        endpoint_url=address.endpoint,
        region_name=region,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=32,
            retries={"total_max_attempts": 1, "mode": "standard"},
            # Every write brings its own SHA-256, which is known before; botocore would read the body twice for more.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": style, "payload_signing_enabled": False},
        ),
    )
