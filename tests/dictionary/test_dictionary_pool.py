"""On-board parameters have identifiers that both ends agree on."""

from fsw import dictionary
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.pool import BY_NAME, PARAMETERS, OnBoardParameter


def test_every_parameter_of_the_orbiters_housekeeping_has_an_identifier_of_its_own():
    for report in dictionary.reports():
        if report.service == 3 and report.subtype == 25 and report.identifier != Structure.LANDER:
            for place, parameter in enumerate(report.parameters, start=1):
                assert PARAMETERS[report.identifier << 8 | place].parameter is parameter
    assert {int(member) for member in OnBoardParameter} == set(PARAMETERS)
    assert BY_NAME["cpu_load"].structure is Structure.COMPUTER
    assert PARAMETERS[OnBoardParameter.CPU_LOAD].name == "cpu_load"
