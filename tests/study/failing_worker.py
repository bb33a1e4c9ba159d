"""A worker that cannot work."""

import sys

sys.exit("error: no")
