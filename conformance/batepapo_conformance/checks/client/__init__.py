"""The checks of clients, one file a part of the specification."""
