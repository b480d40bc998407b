"""Labelled texts in, figures out: how good the stance model is on them, beside a bag of words and beside people.

Sheet -> answers -> measure, intervals, agreement -> report.Report -> tables | page | JSON
"""
