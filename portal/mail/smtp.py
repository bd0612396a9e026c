"""The SMTP conversation, through Flask-Mail. The only module of this room that knows Flask."""

from flask import Flask
from flask_mail import Mail

mail = Mail()


def init_app(app: Flask) -> None:
    """Wire Flask-Mail."""
    mail.init_app(app)
