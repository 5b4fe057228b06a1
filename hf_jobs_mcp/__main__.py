"""``python -m hf_jobs_mcp`` is the same thing as the ``hf-jobs-mcp`` console script."""

from hf_jobs_mcp import main

if __name__ == "__main__":
    main()
