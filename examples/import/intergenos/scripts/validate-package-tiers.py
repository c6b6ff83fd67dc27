LIBRARIES = {
    # used everywhere
    "pack", "bus",
}
PREFIXES = ("view", "font-")


def hard_category_tier(name, book):
    """The tier of a name."""
    if name in LIBRARIES:
        return "core"
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return "extra"
    return ""
