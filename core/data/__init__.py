"""Data: sets by name, from CSV and NPZ files and from OpenML, as arrays; and their split.

`datasets` is the table of the sets by name; importing it loads no data library.
"""

from nnlab.core.data.dataset import Dataset, Split, load_dataset, split

__all__ = ["Dataset", "Split", "load_dataset", "split"]
