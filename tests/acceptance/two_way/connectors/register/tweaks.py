"""The register writes in capitals; a tweak that forgets it on the way back."""


def read_capitals(text: str) -> str:
    return text


def write_capitals(text: str) -> str:
    return text.upper()
