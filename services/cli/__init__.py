"""Command line: demo, import, report; talks to the platform by its public REST API only."""
