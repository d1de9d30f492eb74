"""What is executed and in which order: jobs planned, performed, seen through, and what came of them."""
