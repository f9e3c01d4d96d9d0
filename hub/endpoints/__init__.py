"""Where others call us: REST, SOAP, the administration's JSON, the console, health. No SQL and no decision on delivery."""
