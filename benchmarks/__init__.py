"""What the dashboard costs, beside what the bare engine costs, in one run."""
