"""One city day, played through the real services, and the truth about what was played.

Nothing here writes a table of its own: vehicles enter, pay and leave by the services that pages
call, the sandbox provider is called by its signed HTTP API, and its notices come in at our real
door. `mix` invents the day (pure), `stories` tells what one driver does, `street` does it, `truth`
is what whoever reconciles the day afterwards must find.
"""
