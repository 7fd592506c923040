"""The checks of servers, one file a part of the specification."""
