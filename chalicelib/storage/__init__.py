"""Where facts and control records are kept: the contract in port.py, and those who fulfil it."""
