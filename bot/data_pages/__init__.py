"""The pages for researchers and journalists: statistics, the theme map, and the releases.

Server-rendered and complete without JavaScript; a chart is drawn from the table that stands under it.
"""
