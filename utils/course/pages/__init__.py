"""What the commands leave to read: tables and HTML pages. It computes nothing."""
