"""First drafts from contracts alone: a connector with its samples, a mapping's rows, and what a newer contract would hit."""
