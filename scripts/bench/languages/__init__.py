"""Messages in six languages against the Chinese messages of the shipped sample."""
