"""IAPR TC-12: 20,000 photographs with descriptions and region labels."""
