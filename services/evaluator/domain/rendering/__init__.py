"""A report document as pages for people: self-contained HTML, and PDF."""
