"""The commands of ``course``: options read, sentences written; what they do stands in the rooms below."""
