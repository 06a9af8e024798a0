"""The networks of the product, one file a paper; torch is imported here and nowhere below."""
