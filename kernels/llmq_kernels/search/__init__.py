"""Our own search for codes and scales."""
