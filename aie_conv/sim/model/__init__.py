"""What a program is: its parts as read from the text, and every limit that it must keep."""
