# What every part stands on: configuration, calls, what all calls share.
district_part(core SOURCES call.c LINKS conf net base)
