"""A campaign: real nodes under faults, back offices that record what they do, and a judge of what is left on disk."""
