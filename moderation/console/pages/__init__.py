"""The console's pages, a module each with a table `routes`; `moderation.console.app` lists them."""
