"""How the simulated platform refuses a request."""

from scripts.simulator.problems import JSON


class LineError(Exception):
    """The answer LINE gives instead of doing what was asked: a status and its JSON body."""

    def __init__(self, status: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body: JSON = {"message": message, **more}
        self.headers: dict[str, str] = {}


UNAUTHORIZED = "Authentication failed. Confirm that the access token in the authorization header is valid."
INVALID_REPLY_TOKEN = "Invalid reply token"
INVALID_RECIPIENT = "The property, 'to', in the request body is invalid (line: -, column: -)"
FAILED_TO_SEND = "Failed to send messages"
RETRY_KEY_ACCEPTED = "The retry key is already accepted"
MONTHLY_LIMIT = "You have reached your monthly limit."
RATE_LIMIT = "The API rate limit has been exceeded. Try again later."
NOT_FOUND = "Not found"
NOT_AVAILABLE = "Access to this API is not available for your account"
NOT_SIMULATED = "LINE has this operation, this simulator does not"
BAD_JSON = "The request body could not be parsed as JSON (line: -, column: -)"
