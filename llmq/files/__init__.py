"""What others wrote, read strictly, and the header of what we write."""
