"""When Python may not look for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Look for no garbage within the block.

    Making a million values makes no garbage, and looking for it again and again doubles the time. And what is found
    deep down in a recursion is ended there, where no room is left for it on the stack: a folder that ends with its
    object would stay.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
