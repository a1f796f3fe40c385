"""Recipes: which format each tensor gets."""
