"""What pages read from the event tables and registers themselves, one module a theme; all through one :class:`Warehouse`.

Each reader takes the warehouse, a data set and, where it may be narrowed, a tuple of place ids (empty: all). Each returns a frame
whose columns its docstring names; what a street has not sent is an empty frame with those columns, never an error.
"""
