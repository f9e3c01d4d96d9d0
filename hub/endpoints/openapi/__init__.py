"""The OpenAPI document of one hub, as one caller may use it: `document` writes it from the catalogue, nothing else does."""

from hub.endpoints.openapi.document import Reader, document

__all__ = ["Reader", "document"]
