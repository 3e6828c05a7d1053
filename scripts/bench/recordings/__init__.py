"""Videos and recordings made by program: how well they are known again."""
