"""What network policies mean, and between which pods they permit traffic. No check and no file is read here."""
