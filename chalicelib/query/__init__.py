"""The read path: blocks become traces again, in pages when they are large."""
