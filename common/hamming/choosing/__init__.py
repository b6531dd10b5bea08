"""Whether tables of substrings or the linear scan answer a search sooner."""
