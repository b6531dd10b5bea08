"""MS COCO 2014 as cross-modal hashing uses it: captions and 80 categories."""
