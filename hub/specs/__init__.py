"""The YAML files of `connectors/`, `mappings/` and `schedules/` as typed models: one place for parser, lint and docs."""
