"""Schema against pydantic on any number of generated types and documents.

    python -m tests.differential --documents 1000000 --seed 7

A *plan* says what a type is; hypothesis draws plans, `documents` makes hundreds of documents for
each, and `compare` judges. What differs is printed as a plan and a document that show it again.
"""
