"""Calls to other applications, and the reading of their contracts. Nothing here knows the ledger or a mapping."""
