"""The LINE chatbot: webhook in, inbox, dispatch, handlers, replies out."""
