"""The frozen records that travel between the stages; no behaviour beyond small properties."""
