"""`python -m tests.benchmarks.delivery`."""

from tests.benchmarks.delivery.command import main

if __name__ == "__main__":
    main()
