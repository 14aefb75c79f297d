"""`fsw dictionary`: what the spacecraft can be told and tells."""

import click

from fsw.core.errors import FswError


@click.command()
@click.option("--markdown", "form", flag_value="markdown", help="As a page to browse.")
@click.option("--xtce", "form", flag_value="xtce", help="As XTCE 1.2, for a ground system.")
@click.option(
    "--of",
    "computer",
    type=click.Choice(["orbiter", "rover"]),
    default="orbiter",
    show_default=True,
    help="Whose; the rover's as text only.",
)
def dictionary(form: str | None, computer: str) -> None:
    """Prints every telecommand and every telemetry report.

    Telecommands with effect, how to see that it worked, how it can fail, and arguments; reports with the
    position, size, unit, scale and limits of each field. Each says whether its layout is Tianwen-1's own
    or ours.
    """
    from fsw.dictionary import page, printed, xtce

    if computer == "rover":
        from fsw.dictionary import rover

        if form is not None:
            raise FswError(f"--{form}: of the rover's dictionary there is only the text")
        click.echo(printed.as_text(rover.BOOK), nl=False)
        return
    forms = {None: printed.as_text, "markdown": page.as_markdown, "xtce": xtce.document}
    click.echo(forms[form](), nl=False)
