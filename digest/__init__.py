"""Series in, pages out."""
