"""The part of `report.html` that can be explored: its data, its markup and its scripts.

    sample -> payload -> markup        what fits, as numbers, on the page
    assets                             D3 and our own scripts, with the hashes that let them run

The page is complete without it. What is here only shows the same tables in other cuts: any choice
of lines, seeds and moments, any single run.
"""
