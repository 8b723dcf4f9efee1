"""What is verified: the files, the run and the images."""
