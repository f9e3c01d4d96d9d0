"""The faults that a mapping can have before any message, one file per kind of fault."""
