"""Running the course: the command line ``course`` and what stands behind it. No notebook imports it."""

import sys

# jsonschema would build a grammar for internationalized addresses, a second of every start, and read durations, a fifth
# of what is left. No notebook's schema checks either, and both imports are optional there.
sys.modules.setdefault("rfc3987_syntax", None)
sys.modules.setdefault("isoduration", None)
