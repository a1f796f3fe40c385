"""How fast a file runs on this machine, and what it takes: time, memory, energy.

Each trial is a process of its own (`trial`), which opens the file as a chat does, so that every one
starts cold and its peak of memory is that of one file. `measuring` starts them, one at a time, and
`values` says which figures follow. What is measured is this machine: another one, or this one
beside other programs, gives other figures.
"""
