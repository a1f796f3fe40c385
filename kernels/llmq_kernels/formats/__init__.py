"""Block formats, a file each: the layout of a block, storing its parts, decoding it."""
