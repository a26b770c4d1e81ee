"""Programs that show the project at work; nothing here is part of the installed package."""
