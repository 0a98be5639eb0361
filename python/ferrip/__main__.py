"""`python -m ferrip`: the command line."""

from ferrip.cli.app import main

main()
