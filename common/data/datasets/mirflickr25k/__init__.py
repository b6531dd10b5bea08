"""MIRFlickr-25K: 25,000 Flickr photographs with tags and 24 concepts."""
