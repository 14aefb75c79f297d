"""`fsw bench`: how fast it is."""

import json
import sys

import click


@click.command(
    epilog="""\b
examples:
  fsw bench
  fsw bench --only viterbi --only rs_decode_16
  fsw bench --json > figures.json

\b
exit codes:
  0    every figure that has a goal meets it
  1    some do not
  2    usage"""
)
@click.option("--only", multiple=True, metavar="NAME", help="This figure; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of figures.")
def bench(only: tuple[str, ...], as_json: bool) -> None:
    """Measures speeds, beside peers and limits that are measured in the same run.

    The whole flights take some minutes; nothing else should run meanwhile. A peer that is not installed
    is named, and its ratio left out.
    """
    from dataclasses import asdict

    from fsw.bench.suite import measured

    figures = []
    for figure in measured(only):
        figures.append(figure)
        if not as_json:
            beside = "" if figure.ratio is None else f"{figure.ratio:10.1f} x {figure.peer}"
            verdict = {True: "met", False: "NOT MET", None: "not judged"}[figure.met]
            value = f"{figure.name:<20} {figure.value:10.4g} {figure.unit:<12}"
            click.echo(f"{value}{beside:<24} goal {figure.goal}: {verdict}")
    if as_json:
        click.echo(json.dumps([asdict(figure) for figure in figures], indent=1))
    sys.exit(1 if any(figure.met is False for figure in figures) else 0)
