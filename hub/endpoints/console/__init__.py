"""The console: server-rendered pages for operators, in French and English, without any script of their own."""
