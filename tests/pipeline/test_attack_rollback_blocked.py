"""Without a key: what is planted at the number of the way back, which was signed and cannot be another."""

from __future__ import annotations

import pytest

from publisher.channel.layout import metadata_key
from publisher.errors import StorageConflict
from tests.pipeline.test_rollback import take_back
from tests.support.approving import ROLE
from tests.support.planting import live, put
from tests.support.project import Project


@pytest.mark.parametrize("data", [b"{}", b"", b"x" * (8 * 1024 * 1024 + 1)])
def test_what_is_planted_at_the_number_of_a_way_back_is_named_with_the_way_to_get_rid_of_it(
    project: Project, data: bytes
) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    key = metadata_key(ROLE, live(project).roles[ROLE].signed.version + 1)
    put(project, key, data)
    with pytest.raises(StorageConflict) as refusal:
        take_back(project, "1.1.0")
    assert f"the break-glass identity delete {key}" in str(refusal.value.fix)
    (project.bucket / key).unlink()
    assert take_back(project, "1.1.0") == "1.0.0"
