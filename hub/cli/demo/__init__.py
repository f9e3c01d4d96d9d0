"""`hub demo`: a hub and a double of every application on this machine, and every exchange played both ways."""

from hub.cli.demo.command import demo

__all__ = ["demo"]
