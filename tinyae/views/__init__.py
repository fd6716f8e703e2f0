"""Views: what a model is and what it learnt, as text, pictures and pages."""
