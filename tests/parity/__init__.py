"""Values and gradients against PyTorch, and state dicts across both ways."""
