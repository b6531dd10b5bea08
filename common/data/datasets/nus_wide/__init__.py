"""NUS-WIDE: 269,648 Flickr photographs with tags and 81 concepts."""
