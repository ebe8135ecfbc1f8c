"""What a rate would need on paper, from what bundles measured."""
