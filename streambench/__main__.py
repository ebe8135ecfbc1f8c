"""`python -m streambench`."""

from streambench.cli.main import main

main()
