"""`python -m nnlab.cli`: the command line where the script `nnlab` is not on the path."""

from nnlab.cli.main import app

if __name__ == "__main__":
    app()
