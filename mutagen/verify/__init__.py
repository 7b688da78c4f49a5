"""The proof: the edited source computes what the edited graph of the original computes, on the same weights."""
