"""The model server: its process, its repository of models, its client."""
