"""Functions and notebooks that came back, run where they can do no harm: no network, no files of others, all bounded.

Into a function go arguments; plain numbers and networks without code come out, and are judged outside by the judge of
the notebooks. A notebook's kernel is spoken to through sockets that are handed in; what it shows comes out as data.
This room does not know about students, keys or marks, and nothing of them is visible inside.
"""
