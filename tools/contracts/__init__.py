"""The published contracts: written from the code, compared with what readers rely on."""
