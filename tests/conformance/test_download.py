"""Files: only what is signed is stored, and nothing twice (TUF specification, 5.7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.conformance_client import ConformanceClient, RefusedError
from tests.support.memory_repository import MemoryRepository

pytestmark = pytest.mark.loopback


@pytest.fixture
def published(repository: MemoryRepository) -> MemoryRepository:
    """The repository with two files."""
    repository.add_file("file", b"content")
    repository.add_file("folder/other file", b"other")
    repository.publish_all()
    return repository


@pytest.mark.parametrize("consistent", [True, False])
def test_a_file_is_fetched_by_its_digest_or_by_its_name(
    client: ConformanceClient, repository: MemoryRepository, consistent: bool
) -> None:
    repository.root.consistent_snapshot = consistent
    repository.publish("root")
    target = repository.add_file("a folder/file", b"content")
    repository.publish_all()
    client.download("a folder/file")
    assert client.files == {"a folder/file": b"content"}
    assert repository.requests[-1] == repository.file_address(target)
    assert (target.hashes["sha256"] in repository.requests[-1]) == consistent


def test_a_download_brings_the_metadata_up_to_date_first(
    client: ConformanceClient, published: MemoryRepository
) -> None:
    with pytest.raises(RefusedError, match="no role that may sign 'nothing' lists it"):
        client.download("nothing")
    assert client.versions == {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 2}
    assert client.files == {}


def test_several_files_come_in_order_with_one_update(client: ConformanceClient, published: MemoryRepository) -> None:
    client.download("folder/other file", "file")
    assert client.files == {"file": b"content", "folder/other file": b"other"}
    assert published.requests[:4] == ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"]
    assert [path.rpartition(".")[2] for path in published.requests[4:]] == ["other%20file", "file"]


def test_the_first_failure_ends_a_download(client: ConformanceClient, published: MemoryRepository) -> None:
    with pytest.raises(RefusedError, match="nothing"):
        client.download("folder/other file", "nothing", "file")
    assert client.files == {"folder/other file": b"other"}


def test_what_is_there_is_not_fetched_again(client: ConformanceClient, published: MemoryRepository) -> None:
    client.download("file")
    published.requests.clear()
    client.download("file")
    assert published.requests == ["2.root.json", "timestamp.json"]
    assert client.files == {"file": b"content"}


def test_a_changed_file_is_stored_under_the_same_name(client: ConformanceClient, published: MemoryRepository) -> None:
    client.download("file")
    published.add_file("file", b"newer content")
    published.publish_all()
    client.download("file")
    assert client.files == {"file": b"newer content"}


def test_a_damaged_file_is_fetched_again(client: ConformanceClient, published: MemoryRepository) -> None:
    client.download("file")
    (client.files_dir / "file").write_bytes(b"damaged")
    client.download("file")
    assert client.files == {"file": b"content"}


def test_a_link_in_place_of_a_file_is_replaced_and_not_followed(
    client: ConformanceClient, published: MemoryRepository, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    client.files_dir.mkdir()
    (client.files_dir / "file").symlink_to(outside)
    client.download("file")
    assert outside.read_bytes() == b"mine"
    assert not (client.files_dir / "file").is_symlink()
    assert client.files == {"file": b"content"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"malware", "differs from what was signed"),
        (b"short", "differs from what was signed"),
        (b"", "differs from what was signed"),
        (b"much longer", "the server sends too much data"),
    ],
)
def test_other_bytes_than_the_signed_ones_are_refused(
    client: ConformanceClient, published: MemoryRepository, data: bytes, words: str
) -> None:
    """Arbitrary software, and wrong lengths."""
    published.served[published.file_address(published.targets.targets["file"])] = data
    with pytest.raises(RefusedError, match=words):
        client.download("file")
    assert client.files == {}


def test_a_refused_change_leaves_the_file_before(client: ConformanceClient, published: MemoryRepository) -> None:
    client.download("file")
    changed = published.add_file("file", b"newer content")
    published.publish_all()
    published.served[published.file_address(changed)] = b"malware......"
    with pytest.raises(RefusedError, match="differs from what was signed"):
        client.download("file")
    assert client.files == {"file": b"content"}


def test_a_file_that_is_no_longer_listed_is_refused(client: ConformanceClient, published: MemoryRepository) -> None:
    client.refresh()
    del published.targets.targets["file"]
    published.publish_all()
    with pytest.raises(RefusedError, match="lists it"):
        client.download("file")
    assert client.files == {}


def test_a_file_that_the_server_lacks_is_named(client: ConformanceClient, published: MemoryRepository) -> None:
    address = published.file_address(published.targets.targets["file"])
    del published.served[address]
    with pytest.raises(RefusedError, match="a file is missing on the server") as refused:
        client.download("file")
    assert address in str(refused.value)
    assert client.files == {}


def test_a_file_with_another_digest_algorithm_is_verified(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    good = repository.add_file("good", b"content", algorithm="sha512")
    bad = repository.add_file("bad", b"content", algorithm="sha512")
    repository.publish_all()
    repository.served[repository.file_address(bad)] = b"malware"
    client.download("good")
    with pytest.raises(RefusedError, match="differs from what was signed"):
        client.download("bad")
    assert good.hashes.keys() == {"sha512"}
    assert client.files == {"good": b"content"}


@pytest.mark.parametrize("path", ["../escaped", "/escaped", "..", "a/../../escaped", "..\\escaped"])
def test_no_name_leads_out_of_the_directory(
    client: ConformanceClient, repository: MemoryRepository, tmp_path: Path, path: str
) -> None:
    repository.add_file(path, b"content")
    repository.publish_all()
    try:
        client.download(path)
    except RefusedError:
        assert client.files == {}
    else:
        assert client.files == {path: b"content"}
    assert {place.name for place in tmp_path.iterdir()} == {"initial_root", "metadata", "files"}
    assert not Path("/escaped").exists()
