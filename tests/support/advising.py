"""Security advisories in a test project."""

from __future__ import annotations

from tests.support.project import Project


def advise(project: Project, affected: str, *more: str, ident: str = "leak", fixed_in: str | None = None) -> None:
    """Write an advisory of the node, without a fix unless one is named; `affected` is what a range says."""
    fix = f'fixed_in: ["{fixed_in}"]' if fixed_in else "none_yet_because: It is being tested."
    lines = (
        f"id: {ident}",
        "product: node",
        "title: The password is not checked",
        "severity: high",
        f"affected: [{{{affected}}}]",
        fix,
        "summary: Anybody can stop the node.",
        "what_to_do: Close the port for remote commands.",
        "published: 2026-11-01T09:00:00Z",
        *more,
    )
    file = project.content / "advisories" / f"{ident}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines))
    project.forget()


def set_floor(project: Project, version: str) -> None:
    """Raise the security floor of the node."""
    products = project.config / "products.yaml"
    lines = [line for line in products.read_text().splitlines() if "min_secure" not in line]
    products.write_text("\n".join([*lines, f'    min_secure: "{version}"', ""]))
    project.forget()
