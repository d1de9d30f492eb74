"""What runs inside the sandbox, beside the function that came back: mounted there alone, it imports no utils."""
