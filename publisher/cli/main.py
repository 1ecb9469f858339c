"""The `publish` command: finds the command's module, runs it, and turns errors into words and exit codes.

Exit codes: 0 done or nothing to do, 1 content or input error, 2 usage, 3 refused by policy or not signed by all who
have to, 4 not verified or expired, 5 storage conflict or failure, 130 interrupted.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING

import click

from publisher.cli.suggesting_group import SuggestingGroup
from publisher.errors import ContentError, TidegateError
from publisher.text.terminal import error_lines, terminal_width
from publisher.wire.errors import printable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_TABLE = {
    "plan.check": "Check all content; report every problem in one run.",
    "plan.policy": "Print the release policy in force, as sentences.",
    "plan.why": "Say why a release may or may not ship, and when that changes.",
    "plan.calendar": "Draw the quarter: freezes, events, releases and their rollback windows.",
    "plan.explain": "Say for every upcoming release whether it may ship, and if not, why.",
    "plan.plan": "Advise what to do with a release: ship, move, split or re-scope.",
    "plan.backtest": "Replay past releases against the policy.",
    "plan.import_": "Write event files from a schedule that others publish, with the versions that it requires.",
    "plan.maintenance": "List planned maintenance, and say whether each window may take place.",
    "release.release": "Decide, sign and publish a release.",
    "release.stage": "Upload a release and make it the channel's candidate.",
    "release.announce": "Stage what events require of users, between releases.",
    "release.approve": "Read what a staged release changes, and sign it.",
    "release.promote": "Make a staged release live.",
    "release.hold": "Stop offering a version for a while; one person can do it.",
    "release.withdraw": "Say that nobody should run a version; one person can do it.",
    "release.lift": "Stage the end of a hold or a withdrawal, for the channel's people.",
    "release.mitigate": "Tell users of some versions which setting helps until a fix is out.",
    "release.rollback": "Take a release back, with the metadata that was signed for it.",
    "operate.recover": "Restore your last state after somebody else has published.",
    "operate.status": "Say what is live, what is staged, and what expires when.",
    "operate.log": "Show and verify the ledger of what was changed and refused.",
    "operate.refresh": "Sign snapshot and timestamp again when they are due.",
    "operate.bucket": "Print least-privilege policies, CORS and lifecycle for a bucket.",
    "operate.verify": "Audit a published channel from outside.",
    "keys.keys": "Make, list, add and remove keys; make the first root.",
    "site.client": "Build the reference update client as one file.",
    "site.build": "Build the site with MkDocs.",
    "site.render": "Write the site's pages as plain files.",
    "site.schema": "Write the JSON Schemas of content, configuration and feed.",
    "site.serve": "Show site and bucket on localhost.",
    "demo": "Run everything once, with demo keys, in build/demo.",
}
"""Every command's module in the folder of its group, with its line of help; imported when it is called.

An underscore at the end keeps a module's name apart from a word of Python.
"""
MODULES = {module.rpartition(".")[2].rstrip("_"): module for module in _TABLE}
COMMANDS = {name: _TABLE[module] for name, module in MODULES.items()}


class _Commands(SuggestingGroup):
    """Imports a command's module only when that command runs, so that help and errors come at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return _loaded(MODULES[cmd_name])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only whoever presses TAB needs it

        # From the table alone: whoever presses TAB does not wait for every module.
        items = [CompletionItem(name, help=line) for name, line in COMMANDS.items() if name.startswith(incomplete)]
        return items or super().shell_complete(ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@cache
def _loaded(module: str) -> click.Command:
    """The command of a module, whose objects all stay until the end: no garbage is looked for among them."""
    # Material for MkDocs documents this switch for its notice about its own future; it is read when it is loaded.
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    # Otherwise pydantic looks through all installed packages for plugins, which could alter our models.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()
    command = importlib.import_module(f"publisher.cli.{module}").command
    gc.freeze()
    gc.enable()
    assert isinstance(command, click.Command)
    return command


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `publish demo`. `publish COMMAND --help` explains each command.",
)
@click.version_option(package_name="tidegate", prog_name="publish")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def publish(debug: bool) -> None:
    """Plan, gate, sign and publish client releases around external events."""


def main() -> None:
    """Entry point of `publish`; always ends with SystemExit."""
    # --debug is read beside click: it may stand anywhere, and an error may come before click has parsed anything.
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    # https://no-color.org: set and not empty, whatever it says. Without it a terminal gets colours, and a pipe none.
    color = False if os.environ.get("NO_COLOR") else None
    try:
        code = publish.main(args=arguments, prog_name="publish", standalone_mode=False, color=color)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        print("Interrupted; nothing is half done.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except TidegateError as error:
        if debug:
            traceback.print_exc()
        _show(error, arguments)
        sys.exit(error.exit_code)
    except Exception as error:
        if debug:
            raise
        print(f"publish: an unexpected {type(error).__name__}: {error}", file=sys.stderr)
        print(
            "    -> this is a bug in Tidegate; run it again with --debug and report the output",
            file=sys.stderr,
        )
        sys.exit(1)


def _show(error: TidegateError, arguments: list[str]) -> None:
    if "--json" in arguments:
        listed = error.problems if isinstance(error, ContentError) else ()
        problems = [{"what": problem.what, **asdict(problem.place), "fix": problem.fix} for problem in listed]
        answer = {"ok": False, "error": type(error).__name__, "what": error.what, "fix": error.fix}
        print(json.dumps({**answer, "problems": problems}, indent=2))
    else:
        # Parts of it may come from a bucket that somebody else has written to.
        text = "\n".join(printable(line) for line in str(error).split("\n"))
        if not isinstance(error, ContentError):  # its lines begin with FILE:LINE:COLUMN, which editors read
            text = "\n".join(error_lines(f"publish: {text}", terminal_width(), arguments))
        print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
