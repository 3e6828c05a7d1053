"""`python -m scripts …`: the same command line as `chaming …`, for the Procfile."""

from scripts.cli import main

if __name__ == "__main__":
    main()
