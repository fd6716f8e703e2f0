"""Files as a stranger might write them, thousands of them: ``python -m tests.fuzz --files 20000``.

Each must load to the right content or be refused with a ``TinyaeError``: within two seconds, in
bounded memory, without a look at any other file and without running anything.
"""
