"""`fsw decode`: what recorded frames, CADUs and symbols hold."""

import json
import sys
from pathlib import Path

import click


class _DecodeHelp(click.Command):
    """Its help is the ground's, which is imported only when it is asked for."""

    def format_help_text(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        from fsw.ground.decode_command import EXIT_CODES, HELP
        from fsw.ground.formats import __doc__ as formats

        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(HELP.partition("\n\nformats:")[0])
        formatter.write_paragraph()
        for line in (formats or "").partition("\n\n")[2].rstrip().splitlines():
            formatter.write(f"  {line}\n".rstrip(" "))
        formatter.write("\n" + "".join(f"  {line}\n" for line in EXIT_CODES.splitlines()))
        formatter.write(
            "\n  examples:\n"
            "    fsw decode selfie/downlink.cadu --format tianwen1\n"
            "    fsw decode frames.bin --format aos:892:insert-zone=8 --json\n"
            "    fsw decode pass.s8 --format symbols:256:rs=223:as=i8 --packets packets.bin\n"
        )


@click.command(cls=_DecodeHelp)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_text", required=True, metavar="FORMAT", help="What the file holds.")
@click.option(
    "--packets", type=click.Path(path_type=Path), metavar="FILE", help="Write the Space Packets there."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def decode(file: Path, format_text: str, packets: Path | None, as_json: bool) -> None:
    """Reads recorded frames, CADUs or soft symbols."""
    from fsw.ground.decode_command import decode_file, render_report

    report = decode_file(file, format_text, packets)
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=1))
    else:
        click.echo(render_report(report), nl=False)
    sys.exit(report.exit_code)
