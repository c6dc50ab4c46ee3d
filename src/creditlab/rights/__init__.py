"""Rights of those whom information is about: who looked them up, what is held about them, and what is erased."""
