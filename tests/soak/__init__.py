"""Long use in a short time: ``python -m tests.soak`` fits 200 models and trains in 8 processes."""
