"""Findings: what checks report, the rules behind them, and suppressions."""
