"""Feeds: lists that the hub fetches from applications, page by page, and how far each schedule has read of its own."""

from hub.feeds.fetching import Feeds, Fetch

__all__ = ["Feeds", "Fetch"]
