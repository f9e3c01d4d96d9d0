"""JSON of others is parsed strictly, read into documents and written back exactly."""

from __future__ import annotations

import pytest

from hub.codecs import NoBody, codec_for, json
from hub.contract import Kind, Part, Shape
from hub.errors import MessageError

REQUEST = Shape(
    "",
    Kind.OBJECT,
    children=(
        Shape("number", Kind.TEXT, required=True),
        Shape("amount", Kind.DECIMAL),
        Shape("count", Kind.INTEGER, nullable=True),
        Shape("urgent", Kind.BOOLEAN),
        Shape("bins", Kind.OBJECT, repeated=True, children=(Shape("litres", Kind.INTEGER),)),
        Shape("extra", Kind.ANY),
        Shape("@id", Kind.TEXT, required=True, location="path"),
    ),
)


def refused(data: bytes) -> MessageError:
    with pytest.raises(MessageError) as caught:
        json.parse(data)
    assert caught.value.status == 400
    return caught.value


def read(data: bytes) -> dict[str, object]:
    return dict(json.read(json.parse(data), REQUEST))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"[" * 100_000, "too-large"),
        (b"[" * 65 + b"]" * 65, "too-large"),
        (b'{"a":' * 100_000, "too-large"),
        (b"[NaN]", "not-a-number"),
        (b"[-Infinity]", "not-a-number"),
        (b"[1e999]", "number-too-large"),
        (b"1" * 5_000, "number-too-large"),
        (b'{"a":1,"a":2}', "duplicate-key"),
        (b'{"a":1,"\\u0061":2}', "duplicate-key"),
        (b'["a\\u0000b"]', "forbidden-character"),
        (b'["\\ud800"]', "forbidden-character"),
        (b'{"\\udc00":1}', "forbidden-character"),
        (b'["\\udc00\\ud800"]', "forbidden-character"),
        ("é".encode("latin-1"), "broken-encoding"),
        ('{"a":1}'.encode("utf-16"), "broken-encoding"),
        (b'"\xed\xa0\x80"', "broken-encoding"),
        (b"\xef\xbb\xbf\xef\xbb\xbf1", "broken-json"),
        (b"", "broken-json"),
        (b'{"a":1', "broken-json"),
        (b'{"a":"secret" "b"}', "broken-json"),
        (b"{'a':1}", "broken-json"),
        (b"[1,]", "broken-json"),
        (b"[01]", "broken-json"),
        (b'["a\nb"]', "broken-json"),
        (b"[1] [2]", "broken-json"),
    ],
)
def test_what_is_not_strict_json_is_refused_without_its_content(data: bytes, kind: str) -> None:
    error = refused(data)

    assert error.kind == kind
    assert "secret" not in error.text.en + error.text.fr


def test_one_byte_order_mark_64_levels_and_escaped_backslashes_are_accepted() -> None:
    assert json.parse(b'\xef\xbb\xbf["\\\\u0000 \\ud83d\\ude00"]') == ["\\u0000 \U0001f600"]
    assert json.parse(b"[" * 64 + b"]" * 64)


def test_numbers_and_booleans_become_text_exactly_as_written() -> None:
    found = json.parse(b"[1.10, 1E3, -0, 9007199254740993, true, false, null]")

    assert found == ["1.10", "1E3", "-0", "9007199254740993", "true", "false", None]


def test_names_are_kept_byte_for_byte() -> None:
    text = "L'Hay-les-Roses œ e\u0301 \u202eabc \U0001f600"

    assert json.read(json.parse(f'{{"number":"{text}"}}'.encode()), REQUEST) == {"number": text}


def test_a_body_is_read_by_its_shape() -> None:
    document = read(b'{"number":"7","amount":12.50,"count":null,"urgent":true,"bins":[{"litres":120}],"extra":{"a":[1.0]}}')

    assert document == {
        "number": "7",
        "amount": "12.50",
        "count": None,
        "urgent": "true",
        "bins": [{"litres": "120"}],
        "extra": '{"a":[1.0]}',
    }


def test_a_body_is_written_with_exact_numbers_and_without_parameters() -> None:
    document = {
        "@id": "9",
        "bins": [{"litres": "120"}],
        "amount": "12.50",
        "number": "7",
        "urgent": "false",
        "extra": "[1.0]",
    }

    written = json.write(document, REQUEST)

    assert written == b'{"number":"7","amount":12.50,"urgent":false,"bins":[{"litres":120}],"extra":[1.0]}'


def test_every_surprise_is_told_at_once_with_its_path() -> None:
    with pytest.raises(MessageError) as caught:
        read(b'{"nombre":"1","bins":{},"amount":{"a":1},"extra":1,"bins2":[]}')

    assert [problem.path for problem in caught.value.problems] == ["nombre", "bins", "amount", "bins2"]
    assert caught.value.status == 422


def test_a_parameter_is_not_read_from_the_body() -> None:
    with pytest.raises(MessageError) as caught:
        read(b'{"@id":"9"}')

    assert caught.value.problems[0].path == "@id"


def test_unknown_keys_of_an_open_shape_are_kept_and_written_back() -> None:
    shape = Shape("", Kind.OBJECT, open=True, children=(Shape("a", Kind.TEXT),))

    document = json.read(json.parse(b'{"a":"1","more":{"n":1.50}}'), shape)

    assert document == {"a": "1", "more": '{"n":1.50}'}
    assert json.write(document, shape) == b'{"a":"1","more":{"n":1.50}}'


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"nombre": "1"}, "nombre"),
        ({"amount": "12,50"}, "amount"),
        ({"amount": "007"}, "amount"),
        ({"amount": '1, "b": 2'}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"urgent": "vrai"}, "urgent"),
        ({"bins": {"litres": "1"}}, "bins"),
        ({"bins": [{"litre": "1"}]}, "bins[1].litre"),
        ({"number": "\ud800"}, "number"),
        ({"number": ["1"]}, "number"),
        ({"extra": "{"}, "extra"),
        ({"extra": '1,"x":2'}, "extra"),
    ],
)
def test_a_document_that_cannot_be_written_is_refused_with_the_path(document: dict[str, object], path: str) -> None:
    with pytest.raises(MessageError) as caught:
        json.write(document, REQUEST)

    assert [problem.path for problem in caught.value.problems] == [path]


def test_a_list_as_body_is_the_field_items() -> None:
    shape = Shape(
        "", Kind.OBJECT, children=(Shape("#items", Kind.OBJECT, repeated=True, children=(Shape("a", Kind.TEXT),)),)
    )

    document = json.read(json.parse(b'[{"a":"1"},{"a":"2"}]'), shape)

    assert document == {"#items": [{"a": "1"}, {"a": "2"}]}
    assert json.write(document, shape) == b'[{"a":"1"},{"a":"2"}]'


def test_a_bare_value_as_body_is_the_field_text() -> None:
    shape = Shape("", Kind.OBJECT, children=(Shape("@q", Kind.TEXT, location="query"), Shape("#text", Kind.INTEGER)))

    assert json.read(json.parse(b"12"), shape) == {"#text": "12"}
    assert json.write({"#text": "12", "@q": "x"}, shape) == b"12"


def test_a_call_with_parameters_only_has_no_body() -> None:
    codec = codec_for(Part(Shape("", Kind.OBJECT, children=(Shape("@id", Kind.TEXT, location="path"),))))

    assert isinstance(codec, NoBody)
    assert codec.write({"@id": "1"}) == b""


def test_a_body_of_too_many_values_is_refused_and_one_of_many_commas_in_a_text_is_not() -> None:
    assert refused(b"[" + b"[]," * 150_000 + b"0]").kind == "too-large"
    assert json.parse(b'{"a": "' + b',[{\\",' * 150_000 + b'"}') == {"a": ',[{",' * 150_000}
    assert len(json.parse(b"[" + b"1," * 199_000 + b"1]")) == 199_001
