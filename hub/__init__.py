"""The hub: links a citizen portal to back-office applications, in both directions."""
