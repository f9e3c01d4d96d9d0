"""Coverage-guided fuzzing of what reads bytes of others: `python -m tests.fuzz --seconds 600 [--target xml]`, `make fuzz`.

A target is a function of bytes that catches the refusals which are declared, and nothing else: whatever comes through is a
defect. `seeds/` is where it begins, written by hand; `found/` holds every input that ever broke a target. Both are tried in
`make test`, without atheris.
"""
