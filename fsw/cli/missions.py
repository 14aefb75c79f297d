"""`fsw missions`: what can be flown."""

import json
from typing import Any

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--file", "name", metavar="NAME", help="Print that mission's file, to begin one's own with.")
def missions(as_json: bool, name: str | None) -> None:
    """Lists the missions that can be flown, with what each shows."""
    from fsw import missions as mission_files

    if name is not None:
        click.echo(mission_files.text_of(name), nl=False)
        return
    rows: list[dict[str, Any]] = []
    for name in mission_files.names():
        mission = mission_files.load(name)
        rows.append(
            {
                "name": name,
                "kind": mission.mission.kind,
                "title": mission.mission.title,
                "shows": mission.mission.shows,
                "start_utc": mission.mission.start_utc,
                "default_duration_s": mission.mission.default_duration_s,
            }
        )
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(f"{row['name']:<20} {row['title']}")
        click.echo(f"{'':<20} {row['shows']}")
        seconds = row["default_duration_s"]
        lasts = f"{seconds:g} s" if seconds < 2 * 86_400 else f"{seconds / 86_400:g} days"
        click.echo(f"{'':<20} from {row['start_utc']}, {lasts}")
