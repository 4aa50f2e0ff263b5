"""Slides -> documents as offices write them: the monthly bulletin (通报) and a community's portrait (画像)."""

from jiejian.export.docx.bulletin import Bulletin, to_bulletin
from jiejian.export.docx.portrait import to_portrait

MIME = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

__all__ = ["MIME", "Bulletin", "to_bulletin", "to_portrait"]
