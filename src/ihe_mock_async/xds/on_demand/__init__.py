"""On-Demand Document Source: documents that are made when they are asked for (ITI TF-2: 3.43).

A made document is a summary of what the registry knows of its patient. It is kept as a snapshot:
this is the Persistence of Retrieved Documents Option (ITI TF-1: 10.2.7).
"""
