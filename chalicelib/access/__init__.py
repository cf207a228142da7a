"""Who may come in: keys, and the gates that ask for them. Pure: records, time and chance are passed in."""
