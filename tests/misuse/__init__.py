"""Every public call, badly used: one argument at a time is replaced by something it cannot be."""
