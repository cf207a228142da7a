"""The derived side: everything here can be computed again from the facts, and is put whole, so that twice is once.

    index.index      what the facts table's stream tells -> segments, searchable within seconds
    seal.tick        every minute: what has gone quiet -> digests, rollups, markers; hours that are over -> merged
    seal.seal_window one window, or a piece of it
    work.perform     what one invocation leaves to another
    rebuild.rebuild  all of it again, from nothing but facts

docs/adr/008 has the rules; storage/view_names.py says where each view lies.
"""
