"""`python -m tests.faults.cases`: write docs/reference/faults.md."""

from tests.faults.cases import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
