"""The whole program from outside: the real server in its own process, the real model, a LINE that refuses nonsense."""
