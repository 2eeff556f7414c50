"""The steps, oldest first by their `down_revision`; a step that has been released is never edited."""
