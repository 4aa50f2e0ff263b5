"""街鉴 (Jiejian): a street looks into the mirror and sees its communities side by side and over time."""

__version__ = "0.1.0"
