"""What lies outside the process: the model server, image files, the machine's memory."""
