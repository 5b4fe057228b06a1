"""The words of a question: what decides, why a name is wanted, and what is dangerous about it."""
