"""The pages, one package per audience. What is not registered with a guard answers 404."""
