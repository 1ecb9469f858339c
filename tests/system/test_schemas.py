"""The JSON Schemas in the regular expressions of editors: node compiles each pattern with the flag that they use."""

from __future__ import annotations

import json
import subprocess

import pytest

from publisher.content.schemas import schema_files
from tests.content.test_schemas import patterns
from tests.support.system import need

pytestmark = pytest.mark.system

SCRIPT = """
let text = ""
process.stdin.on("data", part => text += part).on("end", () => {
  const refused = []
  for (const pattern of JSON.parse(text)) {
    try { new RegExp(pattern, "u") } catch (error) { refused.push(`${pattern}: ${error.message}`) }
  }
  console.log(JSON.stringify(refused))
})
"""


def refused(every: list[str]) -> list[str]:
    """Those of the patterns that node cannot compile with the flag u, each with its reason."""
    ran = subprocess.run(
        [need("node"), "-e", SCRIPT], input=json.dumps(every), capture_output=True, text=True, check=True
    )
    found: list[str] = json.loads(ran.stdout)
    return found


def test_node_compiles_every_pattern_of_every_schema() -> None:
    every = sorted({pattern for text in schema_files().values() for pattern in patterns(json.loads(text))})
    assert len(every) > 10
    assert refused(every) == []


def test_node_refuses_what_the_flag_does_not_allow() -> None:
    assert len(refused([r"[^\"<>]", "[a-z]+"])) == 1
