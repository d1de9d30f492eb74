"""Running the course: the command line ``course`` and what stands behind it. No notebook imports it."""

import sys

# jsonschema would build a grammar for internationalized addresses, which no notebook's schema checks: a
# second of every start. Its import is optional there.
sys.modules.setdefault("rfc3987_syntax", None)
