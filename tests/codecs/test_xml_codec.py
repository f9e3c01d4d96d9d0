"""XML of others is parsed safely, read into documents and written back as the contract wants it."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from hub.codecs import XmlCodec, codec_for, xml
from hub.contract import Kind, Part, Shape
from hub.errors import MessageError

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

ORDER = Shape(
    "Order",
    Kind.OBJECT,
    namespace="urn:waste",
    children=(
        Shape("@version", Kind.TEXT),
        Shape("Number", Kind.TEXT, required=True, namespace="urn:waste"),
        Shape("Count", Kind.INTEGER),
        Shape("Closed", Kind.DATE, nullable=True),
        Shape(
            "Bin",
            Kind.OBJECT,
            repeated=True,
            children=(Shape("@type", Kind.TEXT), Shape("#text", Kind.DECIMAL, nullable=True)),
        ),
        Shape("File", Kind.BASE64),
        Shape("Free", Kind.ANY),
    ),
)


def refused(data: bytes, **options: str) -> MessageError:
    with pytest.raises(MessageError) as caught:
        xml.parse(data, **options)
    assert caught.value.status == 400
    return caught.value


def seconds_to_refuse(data: bytes) -> float:
    """Of the processor, at best: a collection of all that other tests left may fall into one try."""

    def tried() -> float:
        started = time.thread_time()
        refused(data)
        return time.thread_time() - started

    return min(tried() for _ in range(3))


def read(inside: str) -> dict[str, object]:
    data = f'<w:Order xmlns:w="urn:waste" {XSI}>{inside}</w:Order>'.encode()
    return dict(xml.read(xml.parse(data), ORDER))


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_a_billion_laughs_is_refused_at_its_doctype_and_at_once() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    data = f'<!DOCTYPE a [<!ENTITY l0 "lol">{entities}]><a>&l9;</a>'.encode()

    assert refused(data).kind == "dtd-forbidden"
    assert seconds_to_refuse(data) < 0.05


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a SYSTEM "{url}/a.dtd">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "{url}/x">]>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "{url}/x"> %x;]>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<?xml-stylesheet href="{url}/s.xsl"?>',
    ],
)
def test_no_document_makes_the_hub_call_anyone(head: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{url}/inc"/>'
        schema = f'{XSI} xsi:schemaLocation="urn:x {url}/x.xsd"'
        data = f"{head.format(url=url)}<a {schema}>{include}</a>".encode()

        try:
            xml.parse(data)
        except MessageError as error:
            assert error.kind == "dtd-forbidden"

        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_quadratic_blow_up_is_refused() -> None:
    error = refused(f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]><a>{"&x;" * 5_000}</a>'.encode())

    assert error.kind == "dtd-forbidden"


@pytest.mark.parametrize("depth", [65, 300, 100_000])
def test_what_is_deeper_than_64_levels_is_refused(depth: int) -> None:
    assert refused(b"<a>" * depth + b"</a>" * depth).kind == "too-large"


def test_64_levels_are_accepted() -> None:
    assert xml.parse(b"<a>" * 64 + b"</a>" * 64).tag == "a"


def test_two_million_elements_are_refused_before_a_tree_is_built() -> None:
    data = b"<a>" + b"<b/>" * 2_000_000 + b"</a>"

    assert refused(data).kind == "too-large"
    assert seconds_to_refuse(data) < 0.5


def test_too_many_attributes_or_namespaces_are_refused() -> None:
    attributes = " ".join(f'a{n}="1"' for n in range(200_000))
    namespaces = " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(65))

    assert refused(f"<a {attributes}/>".encode()).kind == "too-large"
    assert refused(f"<a {namespaces}/>".encode()).kind == "too-large"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a>",
        b"<a/><b/>",
        b"<x:a/>",
        b'<x:a xmlns:y="relative"/>',
        b'<x:a><b xml:space="neither"/></x:a>',
        b"<a>\0</a>",
        b"<a>\x01</a>",
        b"<a>&#1;</a>",
        b"<a>&other;</a>",
        b"<a b='1' b='2'/>",
        b'<?xml version="1.1"?><a/>',
        b' <?xml version="1.0"?><a/>',
        b"<a>\xef\xbf\xbe</a>",
        b"<a>secret",
    ],
)
def test_broken_xml_is_refused_with_its_place_and_without_its_content(data: bytes) -> None:
    error = refused(data)

    assert error.kind == "broken-xml"
    assert error.text.en.startswith("line 1, column ")
    assert error.text.fr.startswith("ligne 1, colonne ")
    assert "secret" not in error.text.en + error.text.fr


def test_the_place_of_an_error_is_its_line_and_column_even_after_a_declaration() -> None:
    error = refused(b'<?xml version="1.0" encoding="UTF-8"?>\n<a>\n  <b></c>\n</a>')

    assert error.text.en.startswith("line 3, column 8")


def test_a_text_of_eleven_megabytes_is_refused() -> None:
    assert refused(b"<a>" + b"x" * 11_000_000 + b"</a>").kind == "broken-xml"


# -- encodings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "python"),
    [
        ("UTF-8", "utf-8"),
        ("utf8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("UTF-16", "utf-16-le"),
        ("ISO-8859-1", "latin-1"),
        ("latin-1", "latin-1"),
        ("ISO-8859-15", "iso8859-15"),
        ("windows-1252", "cp1252"),
    ],
)
def test_the_accepted_encodings_are_read(declared: str, python: str) -> None:
    data = f'<?xml version="1.0" encoding="{declared}"?><a>Hélène</a>'.encode(python)

    assert xml.parse(data).text == "Hélène"


@pytest.mark.parametrize("declared", ["UTF-7", "EBCDIC-CP-FR", "idna", "hex", "UTF-32", "no-such"])
def test_other_encodings_are_refused(declared: str) -> None:
    error = refused(f'<?xml version="1.0" encoding="{declared}"?><a/>'.encode())

    assert error.kind == "encoding-not-accepted"
    assert "windows-1252" in error.text.fr


def test_contradicting_statements_about_the_encoding_are_refused() -> None:
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'

    assert refused(declared.encode("utf-8-sig")).kind == "encoding-contradiction"
    assert refused(declared.encode("latin-1"), charset="utf-8").kind == "encoding-contradiction"


def test_the_charset_of_the_content_type_counts_where_the_document_says_nothing() -> None:
    assert xml.parse("<a>é</a>".encode("latin-1"), charset='"iso-8859-1"').text == "é"


def test_invalid_bytes_are_refused_with_their_place() -> None:
    assert refused(b"<a>\xff</a>").kind == "broken-xml"
    assert refused(b'<?xml version="1.0" encoding="windows-1252"?>\n<a>\x81</a>').text.en.startswith("line 2, column 4")


def test_windows_1252_under_the_name_of_latin_1_is_refused_in_words() -> None:
    error = refused('<?xml version="1.0" encoding="ISO-8859-1"?><a>50 €</a>'.encode("cp1252"))

    assert "windows-1252" in error.text.en


def test_a_byte_order_mark_is_accepted_once() -> None:
    assert xml.parse(b"\xef\xbb\xbf<a/>").tag == "a"
    assert refused(b"\xef\xbb\xbf\xef\xbb\xbf<a/>").kind == "broken-xml"


def test_parsing_is_safe_in_several_threads() -> None:
    failures: list[str] = []

    def work(name: str) -> None:
        for _ in range(50):
            if xml.parse(f"<a>{name}</a>".encode()).text != name:
                failures.append(name)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


# -- reading -----------------------------------------------------------------------------------------------------------


def test_comments_and_instructions_inside_a_text_do_not_cut_it() -> None:
    document = read("<w:Number>12<!-- x -->34<?y z?>56</w:Number>")

    assert document == {"Number": "123456"}


def test_a_repeated_field_is_a_list_even_with_one_occurrence() -> None:
    document = read('<Bin type="OM">120</Bin>')

    assert document == {"Bin": [{"@type": "OM", "#text": "120"}]}


def test_whitespace_is_kept_in_text_and_not_in_numbers_dates_or_base64() -> None:
    document = read("<w:Number> 1  2\n</w:Number><Count>\n 3 </Count><File>YWJj\n ZGVm\n</File>")

    assert document == {"Number": " 1  2\n", "Count": "3", "File": "YWJjZGVm"}


def test_nil_is_none_and_empty_is_empty() -> None:
    document = read('<w:Number/><Closed xsi:nil="true"/><Bin type="OM" xsi:nil="1"/>')

    assert document == {"Number": "", "Closed": None, "Bin": [{"@type": "OM", "#text": None}]}


def test_every_surprise_is_told_at_once_with_its_path() -> None:
    with pytest.raises(MessageError) as caught:
        read('text<Number>1</Number><Count><x/></Count><Count>1</Count><Bin kind="a">1</Bin>')

    assert [problem.path for problem in caught.value.problems] == ["", "Count", "Count", "Bin[1].@kind", "Number"]
    assert caught.value.status == 422


def test_an_unknown_field_is_answered_with_the_known_ones() -> None:
    with pytest.raises(MessageError) as caught:
        read("<Coment/>")

    assert caught.value.problems[0].accepted[:2] == ("@version", "Number")


def test_another_root_is_refused() -> None:
    with pytest.raises(MessageError):
        xml.read(xml.parse(b"<Order/>"), ORDER)


def test_open_content_is_kept_as_canonical_xml() -> None:
    document = read('<Free>a<b xmlns="urn:b" z="1" y="2"><c/></b>d &amp; e</Free>')

    assert document == {"Free": 'a<b xmlns="urn:b" y="2" z="1"><c></c></b>d &amp; e'}


def test_open_content_with_a_type_of_its_own_keeps_its_prefix() -> None:
    inside = '<Free xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:int">4</Free>'
    document = read(inside)

    again = xml.read(xml.parse(xml.write(document, ORDER)), ORDER)

    assert 'xmlns:xs="http://www.w3.org/2001/XMLSchema"' in str(document["Free"])
    assert again == document


# -- writing -----------------------------------------------------------------------------------------------------------


def test_fields_are_written_in_the_contracts_order_with_its_namespaces() -> None:
    document = {"File": "YQ==", "Count": "2", "Number": "A&B", "@version": "1", "Bin": [{"#text": "1", "@type": "OM"}]}

    written = xml.write(document, ORDER)

    assert written == (
        b'<ns0:Order xmlns:ns0="urn:waste" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="1">'
        b'<ns0:Number>A&amp;B</ns0:Number><Count>2</Count><Bin type="OM">1</Bin><File>YQ==</File></ns0:Order>'
    )


def test_none_is_nil_where_the_contract_allows_it_and_empty_elsewhere() -> None:
    written = xml.write({"Number": None, "Closed": None}, ORDER)

    assert b'<ns0:Number/><Closed xsi:nil="true"/>' in written


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"Nombre": "1"}, "Nombre"),
        ({"Bin": [{"@type": "a", "@colour": "b"}]}, "Bin[1].@colour"),
        ({"Bin": {"#text": "1"}}, "Bin"),
        ({"Number": ["1"]}, "Number"),
        ({"Count": 3}, "Count"),
        ({"Number": "a\x00b"}, "Number"),
        ({"@version": "\x01"}, "@version"),
        ({"Free": "<a>"}, "Free"),
        ({"Free": "</any><any>"}, "Free"),
        ({"Bin": ["1"]}, "Bin[1]"),
    ],
)
def test_a_document_that_is_not_of_the_shape_is_refused_with_the_path(document: dict[str, object], path: str) -> None:
    with pytest.raises(MessageError) as caught:
        xml.write(document, ORDER)

    assert [problem.path for problem in caught.value.problems] == [path]


def test_markup_in_a_value_stays_a_value() -> None:
    hostile = {"Number": "</Number><Count>9</Count><!--"}

    assert xml.read(xml.parse(xml.write(hostile, ORDER)), ORDER) == hostile


def test_a_codec_is_chosen_by_the_media_type() -> None:
    codec = codec_for(Part(ORDER, media="text/xml"))

    assert isinstance(codec, XmlCodec)
    assert codec.read(codec.write({"Number": "1"})) == {"Number": "1"}
