"""The rich menu: six large fields below the chat, in each language, made by `chaming line menu`."""
