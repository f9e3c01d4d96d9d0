"""`python -m tests.faults.campaign`."""

from tests.faults.campaign.command import main

main()
