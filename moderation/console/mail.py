"""Mail by SMTP."""

from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Sends through one server: `smtps://user:password@host:465` (TLS), `smtp://host:587` (STARTTLS where offered)."""

    url: str
    sender: str

    async def send(self, to: str, subject: str, text: str) -> None:
        """Send one plain-text mail. Raises `OSError` when the server cannot be reached or refuses it."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, to, subject
        message.set_content(text)
        parts = urlsplit(self.url)
        is_tls = parts.scheme == "smtps"
        try:
            await aiosmtplib.send(
                message,
                hostname=parts.hostname,
                port=parts.port or (465 if is_tls else 587),
                username=unquote(parts.username) if parts.username else None,
                password=unquote(parts.password) if parts.password else None,
                use_tls=is_tls,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPException as error:
            raise OSError(type(error).__name__) from error
