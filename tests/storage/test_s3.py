"""The storage on a real S3 server keeps the contract, with small files and with files in parts."""

from __future__ import annotations

import pytest

from publisher.storage.protocol import Storage
from publisher.storage.s3_integrity import MIB
from publisher.storage.s3_probe import Capabilities
from tests.storage.conftest import MakeStorage
from tests.storage.contract import StorageContract, UnpreparedContract

pytestmark = pytest.mark.system


class TestS3(StorageContract, UnpreparedContract):
    @pytest.fixture
    def unprepared(self, make: MakeStorage, known: Capabilities) -> Storage:
        return make(capabilities=known)

    @pytest.fixture
    def storage(self, unprepared: Storage) -> Storage:
        unprepared.prepare()
        return unprepared


class TestS3InParts(TestS3):
    """Files of more than 5 MiB go up in parts."""

    @pytest.fixture
    def unprepared(self, make: MakeStorage, known: Capabilities) -> Storage:
        return make(capabilities=known, part_size=5 * MIB, stream_limit=5 * MIB)


class TestS3Streamed(TestS3):
    """Nearly everything goes up in one piece, read while it is sent."""

    @pytest.fixture
    def unprepared(self, make: MakeStorage, known: Capabilities) -> Storage:
        return make(capabilities=known, part_size=2)
