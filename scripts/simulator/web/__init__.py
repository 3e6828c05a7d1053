"""The chat page of `chaming simulate`: a phone in the browser, and beside it what LINE saw and said."""
