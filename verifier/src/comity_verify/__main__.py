# SPDX-License-Identifier: Apache-2.0
"""`python -m comity_verify`."""

import sys

from comity_verify.cli import main

sys.exit(main())
