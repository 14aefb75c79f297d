"""A received picture as PNG with its metadata: text chunks, the camera's EXIF block, and XMP.

PNG 3rd edition: tEXt with the registered keywords, eXIf, and iTXt "XML:com.adobe.xmp" (XMP part 3, 1.1.5).
"""

import io
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fsw.ground.received_picture import ReceivedPicture

NAMESPACE = "urn:fsw:picture:1"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:fsw="{namespace}" {attributes}/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def as_png(picture: ReceivedPicture) -> bytes:
    """8-bit colour, or the 16-bit mosaic of raw numbers. The same octets for one version of Pillow."""
    info = PngInfo()
    for keyword, text in _texts(picture).items():
        info.add_text(keyword, text)
    info.add_itxt("XML:com.adobe.xmp", _xmp(picture))
    out = io.BytesIO()
    exif = b"" if picture.raw else _exif(picture.octets)
    # Pillow takes a 16-bit array for a grey map by itself.
    image = Image.fromarray(picture.pixels())
    image.save(out, "PNG", pnginfo=info, exif=exif)
    return out.getvalue()


def _texts(picture: ReceivedPicture) -> dict[str, str]:
    entry, mission = picture.entry, picture.mission
    texts = {
        "Creation Time": str(entry["exposed_at_utc"]),
        "Software": "fsw",
        "Description": ", ".join(_told(picture)) + "; emulated",
        "Comment": f"as received {entry['received_at_utc']}, file {entry['file']}, SHA-256 {entry['sha256']}",
    }
    if mission is not None:
        texts |= {"Title": mission.mission.title, "Source": mission.name}
    return texts


def _told(picture: ReceivedPicture) -> Iterator[str]:
    entry, known = picture.entry, picture.truth or {}
    yield f"picture {entry['picture']}"
    if target := entry.get("target") or known.get("target"):
        yield str(target)
    if entry["lens"]:
        yield f"lens {entry['lens']}"
    yield f"exposed {entry['exposure_us']} us"
    if entry["range_m"]:
        yield f"{entry['range_m']} m from " + ("what is seen" if target else "the spacecraft")


def _xmp(picture: ReceivedPicture) -> str:
    entry, truth = picture.entry, picture.truth
    values: dict[str, Any] = {
        "xmp:CreateDate": entry["exposed_at_utc"],
        "xmp:CreatorTool": "fsw",
        "exif:ExposureTime": f"{entry['exposure_us']}/1000000",
        "fsw:Picture": entry["picture"],
        "fsw:Lens": entry["lens"],
        "fsw:RangeMetres": entry["range_m"] or None,
        "fsw:ReceivedAt": entry["received_at_utc"],
        "fsw:SHA256": entry["sha256"],
    }
    if picture.mission is not None:
        values["fsw:Mission"] = picture.mission.name
    if truth is not None:
        values["fsw:EmulatorTruthAttitudeICRF"] = " ".join(repr(x) for x in truth["attitude_icrf"])
        values["fsw:EmulatorTruthMiddleUTC"] = truth["middle_utc"]
    attributes = " ".join(
        f'{name}="{escape(str(value), {chr(34): "&quot;"})}"'
        for name, value in values.items()
        if value is not None
    )
    return _XMP.format(namespace=NAMESPACE, attributes=attributes)


def _exif(jpeg: bytes) -> bytes:
    """The camera's own block without its thumbnail, which a PNG has no use for."""
    with Image.open(io.BytesIO(jpeg)) as image:
        block: bytes = image.getexif().tobytes()
    return block
