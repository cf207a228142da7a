"""Where the dictionary of codecs/blocks comes from: `train` makes it, `sweep` shows why it is as it is."""
