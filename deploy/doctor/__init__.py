"""What `lipchord doctor` looks at on a host: each part says what is there, and what to do.

Looks only, but for a few bytes in the folders that are written at run time. What could crash
(torch, a checkpoint) is tried in a process of its own. Reading order: finding, examination;
then graphics, programs, stores, host.
"""
