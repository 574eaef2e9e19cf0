"""A small module with tests that look too little, to see that what they overlook is told."""
