"""Report types in requests and reports of ST[14] and ST[15]: N1 { APID, N2 { service, N3 { subtype } } }.

ECSS-E-ST-70-41C 8.14.2.1 and 8.15.2.3; widths are ours. No services are all of the application process, no
subtypes all of the service. Packets without secondary header are of service 0, subtype 0 (ours).
"""

import construct

from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.telecommand import Argument, ArgumentGroup

_APID = Parameter("apid", construct.Int16ub, "Application process")
_SERVICE = Parameter("service", construct.Int8ub, "Service; 0 for packets without secondary header")
_SUBTYPE = Parameter("subtype", construct.Int8ub, "Subtype")

APPLICATIONS = ArgumentGroup(
    "applications",
    (
        Argument(_APID, 0, 2046),
        ArgumentGroup(
            "services",
            (
                Argument(_SERVICE),
                Argument(
                    Parameter("subtypes", construct.Int8ub, "Subtypes; none for all"), listed=True, least=0
                ),
            ),
            "Services; none for all",
            least=0,
        ),
    ),
    "Report types",
)
APPLICATIONS_REPORTED = Group(
    "applications",
    (_APID, Group("services", (_SERVICE, Group("subtypes", (_SUBTYPE,), "Subtypes")), "Services")),
    "Report types",
)
