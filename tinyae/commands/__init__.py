"""The commands of ``tinyae``, one a file: each adds its options and says what to do with them."""
