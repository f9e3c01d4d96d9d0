"""One mapping, read in both directions and proven to come back whole. Pure: no clock, no socket, no disk."""

from hub.translation.attachments import too_large, type_of
from hub.translation.check import check_mapping
from hub.translation.examples import check_examples
from hub.translation.laws import LawReport, check_laws
from hub.translation.mapping import FollowUp, Reading, Receiver, Translation, compile_mapping
from hub.translation.merging import Clash, Image, Merged, besides, is_known, merge, news_in, state_of
from hub.translation.record import canonical_text, digest, fingerprint, pack, unpack
from hub.translation.tables import Table
from hub.translation.wanted import Fetched, Wanted

__all__ = [
    "Clash",
    "Fetched",
    "FollowUp",
    "Image",
    "LawReport",
    "Merged",
    "Reading",
    "Receiver",
    "Table",
    "Translation",
    "Wanted",
    "besides",
    "canonical_text",
    "check_examples",
    "check_laws",
    "check_mapping",
    "compile_mapping",
    "digest",
    "fingerprint",
    "is_known",
    "merge",
    "news_in",
    "pack",
    "state_of",
    "too_large",
    "type_of",
    "unpack",
]
