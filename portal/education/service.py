"""The verbs of education, in one place for other rooms."""

from portal.education.assigning import assign, close_for, plan, withdraw
from portal.education.publishing import load_content
from portal.education.reading import advance, answer, finish, start
from portal.education.withdrawing import put_back, withdraw_pack

__all__ = [
    "advance",
    "answer",
    "assign",
    "close_for",
    "finish",
    "load_content",
    "plan",
    "put_back",
    "start",
    "withdraw",
    "withdraw_pack",
]
