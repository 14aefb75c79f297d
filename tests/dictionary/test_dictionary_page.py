"""The dictionary's page: all links lead somewhere, all tables are whole, all layouts are counted right."""

import re

import construct
import pytest

from fsw import dictionary
from fsw.dictionary import page
from fsw.dictionary.identifiers import ORBITER_APID, Origin
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Argument, ArgumentGroup, Telecommand

U8, U16 = construct.Int8ub, construct.Int16ub


@pytest.fixture(scope="module")
def shown():
    return page.as_markdown()


def section(shown, anchor):
    """What stands under a heading."""
    return shown.split(f'<a id="{anchor}"></a>')[1].split("<a id=")[0]


def tables(shown):
    """Runs of lines that begin with a bar."""
    for block in re.split(r"\n(?!\|)", shown):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        if rows:
            yield rows


def test_every_link_leads_to_an_anchor_and_each_anchor_is_one(shown):
    anchors = re.findall(r'<a id="([^"]+)"></a>', shown)
    assert len(set(anchors)) == len(anchors)
    links = set(re.findall(r"\]\(#([^)]+)\)", shown))
    assert links <= set(anchors)
    for report in dictionary.reports():
        assert f"report-{report.name.lower()}" in links
    for command in dictionary.telecommands():
        assert f"telecommand-{command.name.lower()}" in links


def test_every_row_has_its_tables_columns(shown):
    found = list(tables(shown))
    assert len(found) > len(dictionary.telecommands())
    for rows in found:
        assert set(rows[1]) == {"|", "-"}
        bars = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
        assert len(set(bars)) == 1, rows[0]


def test_octets_are_counted_through_to_the_size_of_the_layout(shown):
    for report in dictionary.reports():
        if report.layout.tail or report.layout.open_ended or not report.layout.fields:
            continue
        at = 0
        for row in section(shown, f"report-{report.name.lower()}").splitlines():
            where = re.match(r"\| (\d+)(?:-(\d+))? \|", row)
            if where is not None:
                assert int(where[1]) == at, (report.name, row)
                at = int(where[2] or where[1]) + 1
        assert at == report.layout.octets


def test_a_function_is_laid_out_as_it_is_encoded(shown):
    told = section(shown, "telecommand-camera_mode")
    assert "[8,1]" in told
    assert "| 0-1 |  | uint16 | 19 |" in told
    assert "| 2 |  | uint8 | 3 |" in told
    assert "| 4 | `size` |" in told
    assert "| 8 | `lens` |" in told
    octets = dictionary.parse_telecommand("CAMERA_MODE", "UXGA_1600X1200 JPEG B").encode()
    assert (octets[4], octets[8], len(octets)) == (1, 1, 9)
    assert "hazardous" in section(shown, "telecommand-release_fire")
    assert "NOT_ARMED (16)" in section(shown, "telecommand-release_fire")


def test_real_layouts_and_ours_are_told_apart(shown):
    assert "Tianwen-1's own" in section(shown, "report-attitude")
    assert "ours" in section(shown, "report-alive")


def test_groups_and_open_fields_are_shown_without_places_they_have_not(monkeypatch):
    name = Parameter("called", construct.PascalString(U8, "utf8"), "Name")
    much = Parameter("much", U16, "How much", "m")
    group = Group("odds", (much, Group("inner", (name,), "Inner")), "Odd ones", 2)
    report = Report(
        "ODD", ORBITER_APID, (Parameter("first", U8, "First"),), "Odd", Origin.OURS, 200, 1, groups=(group,)
    )
    command = Telecommand(
        "ODD_ONE", 200, 1, "Odd.", "None.",
        arguments=(Argument(name), ArgumentGroup("odds", (Argument(much),), "Odd ones"), Argument(much)),
    )  # fmt: skip
    monkeypatch.setattr(dictionary, "reports", lambda: (report,))
    monkeypatch.setattr(dictionary, "telecommands", lambda: (command,))
    shown = page.as_markdown()
    told = section(shown, "report-odd")
    assert "| 0 | `first` | uint8 |" in told
    assert "| 1- | `odds` | uint16 |  | N | Odd ones |" in told
    assert "|  | `odds[i].much` | uint16 | m |  | How much |" in told
    assert "|  | `odds[i].inner[i].called` | text behind uint8 |" in told
    told = section(shown, "telecommand-odd_one")
    assert "| 0- | `called` | text behind uint8 |" in told
    assert "|  | `odds` | uint8 | 1 to 32 | N of: Odd ones |" in told
    assert "|  | `odds[i].much` | uint16 |" in told
    assert "[ST[200] of our own](#service-200)" in shown
