"""Real tokens without hardware: SoftHSM2, with its tokens in a directory of their own.

    hsm = SoftHsm.made(directory)
    hsm.new_token("ben", "123456")
    hsm.new_key("ben", "123456", "02")
    run_publish(..., env=hsm.environment)

A PKCS#11 library reads its configuration once in a process, so whatever uses a token runs in one of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.system import need, skip_system

PLACES = (
    "/usr/lib/softhsm",
    "/usr/lib64/softhsm",
    "/usr/lib64/pkcs11",
    "/usr/local/lib/softhsm",
    "/opt/homebrew/lib/softhsm",
)
SPIES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/opt/homebrew/lib")
SO_PIN = "87654321"
CONFIGURATION = "softhsm2.conf"


@dataclass(frozen=True)
class SoftHsm:
    """A set of tokens."""

    environment: dict[str, str]
    """The variables by which programs find the tokens."""

    @classmethod
    def made(cls, directory: Path) -> SoftHsm:
        """An empty set; skips the test where SoftHSM2 or OpenSC's tool is missing."""
        need("softhsm2-util")
        need("pkcs11-tool")
        library = next((found for one in PLACES if (found := Path(one) / "libsofthsm2.so").exists()), None)
        if library is None:
            skip_system("libsofthsm2.so is in none of its usual places")
        (directory / "tokens").mkdir(parents=True)
        return cls._in(directory, str(library))

    @classmethod
    def _in(cls, directory: Path, library: str) -> SoftHsm:
        configuration = directory / CONFIGURATION
        configuration.write_text(f"directories.tokendir = {directory / 'tokens'}\nlog.level = ERROR\n")
        return cls({"SOFTHSM2_CONF": str(configuration), "PYKCS11LIB": library})

    def copied(self, directory: Path) -> SoftHsm:
        """The same tokens with the same keys; what is done to either set leaves the other alone."""
        shutil.copytree(Path(self.environment["SOFTHSM2_CONF"]).parent, directory)
        return self._in(directory, self.environment["PYKCS11LIB"])

    def new_token(self, label: str, pin: str) -> None:
        """A token with nothing on it."""
        self._run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", SO_PIN)

    def new_key(self, token: str, pin: str, ident: str, kind: str = "EC:prime256v1") -> None:
        """A key pair that never leaves the token."""
        self._tool("--token-label", token, "--login", "--pin", pin, "--keypairgen", "--key-type", kind, "--id", ident)

    def hide_public(self, token: str, pin: str, ident: str) -> None:
        """Take the public half away from whoever does not know the PIN, as some tokens do."""
        self._tool(
            "--token-label", token, "--login", "--pin", pin, "--delete-object", "--type", "pubkey", "--id", ident
        )

    def remove_token(self, label: str) -> None:
        """As if it were unplugged."""
        self._run("softhsm2-util", "--delete-token", "--token", label)

    def watched(self, log: Path) -> dict[str, str]:
        """The environment with OpenSC's spy in between, which writes every call into a log, PINs and all."""
        spy = next((found for one in SPIES if (found := Path(one) / "pkcs11-spy.so").exists()), None)
        if spy is None:
            skip_system("pkcs11-spy.so is in none of its usual places")
        library = self.environment["PYKCS11LIB"]
        return {**self.environment, "PYKCS11LIB": str(spy), "PKCS11SPY": library, "PKCS11SPY_OUTPUT": str(log)}

    def _tool(self, *words: str) -> str:
        return self._run("pkcs11-tool", "--module", self.environment["PYKCS11LIB"], *words)

    def _run(self, *words: str) -> str:
        environment = {**os.environ, **self.environment}
        ran = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout
