"""Data types of an XTCE document, from the dictionary's parameters: encoding, unit, scale, texts, limits.

XTCE 1.2 (OMG formal/18-10-04). The same element serves telemetry (`kind` "Parameter") and telecommands
("Argument"); each parameter has a type of its own, since its unit, scale and alarms are the type's.
"""

import xml.etree.ElementTree as ET
from typing import Literal, cast

from fsw.dictionary.parameter import Limits, Parameter
from fsw.dictionary.telecommand import Argument

Kind = Literal["Parameter", "Argument"]
Element = ET.Element

OCTET = 8


def element(tag: str, *children: Element | str | None, **attributes: str | int | float | None) -> Element:
    """An element; children that are None are left out, as are attributes."""
    made = ET.Element(tag, {key: str(value) for key, value in attributes.items() if value is not None})
    for child in children:
        if isinstance(child, str):
            made.text = child
        elif child is not None:
            made.append(child)
    return made


def comment(text: str) -> Element:
    """Words for whoever reads the document."""
    return cast(Element, ET.Comment(f" {text.replace('--', '- -')} "))


def unsigned(kind: Kind, name: str, bits: int, *more: Element | None) -> Element:
    """A plain count or code of so many bits."""
    encoding = element("IntegerDataEncoding", sizeInBits=bits, encoding="unsigned")
    tag = f"Integer{kind}Type"
    return element(tag, encoding, *more, name=name, signed="false", sizeInBits=max(bits, 8))


def sized_by(kind: Kind, name: str, reference: str, octets_more: int, text: bool = False) -> Element:
    """Octets (or UTF-8 text) whose number is another's value and `octets_more`."""
    adjustment = element("LinearAdjustment", slope=OCTET, intercept=octets_more * OCTET)
    if kind == "Parameter":
        instance = element("ParameterInstanceRef", parameterRef=reference, useCalibratedValue="false")
    else:
        instance = element("ArgumentInstanceRef", argumentRef=reference, useCalibratedValue="false")
    size = element("DynamicValue", instance, adjustment)
    if text:
        variable = element("Variable", size, maxSizeInBits=65536 * OCTET)
        return element(
            f"String{kind}Type", element("StringDataEncoding", variable, encoding="UTF-8"), name=name
        )
    return element(f"Binary{kind}Type", element("BinaryDataEncoding", element("SizeInBits", size)), name=name)


def fixed(kind: Kind, name: str, parameter: Parameter, argument: Argument | None = None) -> Element:
    """The type of a parameter of fixed size; `argument` adds what may be commanded."""
    assert parameter.octets is not None
    bits = parameter.octets * OCTET
    if parameter.is_octets:
        size = element("SizeInBits", element("FixedValue", str(bits)))
        return element(f"Binary{kind}Type", element("BinaryDataEncoding", size), name=name)
    units = element("UnitSet", element("Unit", parameter.unit)) if parameter.unit else element("UnitSet")
    if parameter.raw_range is None:
        encoding = element("FloatDataEncoding", sizeInBits=bits, encoding="IEEE754_1985")
    else:
        code = "twosComplement" if parameter.raw_range[0] < 0 else "unsigned"
        calibration = parameter.calibration
        polynomial = None
        if calibration is not None:
            polynomial = element(
                "DefaultCalibrator",
                element(
                    "PolynomialCalibrator",
                    element("Term", coefficient=repr(float(calibration.offset)), exponent=0),
                    element("Term", coefficient=repr(calibration.scale), exponent=1),
                ),
            )
        encoding = element("IntegerDataEncoding", polynomial, sizeInBits=bits, encoding=code)
    if parameter.texts is not None:
        texts = (element("Enumeration", value=raw, label=text) for raw, text in parameter.texts.items())
        return element(
            f"Enumerated{kind}Type", units, encoding, element("EnumerationList", *texts), name=name
        )
    more = _alarms(parameter.limits) if kind == "Parameter" else _allowed(argument)
    if parameter.raw_range is None or parameter.calibration is not None:
        return element(f"Float{kind}Type", units, encoding, more, name=name, sizeInBits=64)
    signed = "true" if parameter.raw_range[0] < 0 else "false"
    # XTCE's engineering integers have 8, 16, 32 or 64 bits, whatever the field has.
    held = next(width for width in (8, 16, 32, 64) if width >= bits)
    return element(f"Integer{kind}Type", units, encoding, more, name=name, signed=signed, sizeInBits=held)


def _alarms(limits: Limits | None) -> Element | None:
    if limits is None:
        return None
    ranges = [
        element(tag, minInclusive=low, maxInclusive=high)
        for tag, low, high in (
            ("WarningRange", limits.warning_low, limits.warning_high),
            ("CriticalRange", limits.alarm_low, limits.alarm_high),
        )
        if low is not None or high is not None
    ]
    return element("DefaultAlarm", element("StaticAlarmRanges", *ranges))


def _allowed(argument: Argument | None) -> Element | None:
    if argument is None or (argument.minimum is None and argument.maximum is None):
        return None
    bounds = element("ValidRange", minInclusive=argument.minimum, maxInclusive=argument.maximum)
    return element("ValidRangeSet", bounds)
