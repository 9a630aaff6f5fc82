"""The only code that knows rattler."""
